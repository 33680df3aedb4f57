// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.timeline;

import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Reads the history of the database's timeline over the replication protocol, which needs only the right REPLICATION;
 * the file itself is readable for superusers only. One thread.
 */
public final class TimelineReader {

    private final PostgresConfig config;

    /** @param config names one host, the one whose identity is known */
    public TimelineReader(PostgresConfig config) {
        this.config = config;
    }

    /**
     * The history of the database's current timeline.
     *
     * @param identity read in a session on the same server, out of recovery: neither changes while that session lasts
     * @throws SourceNotReady when another server answers, or the history cannot be read
     */
    public TimelineHistory read(SourceIdentity identity) throws SourceNotReady {
        if (identity.timeline() == 1) { // the first timeline has no history and no file
            return TimelineHistory.none(1);
        }
        try (Connection connection =
                        DriverManager.getConnection(config.url(), SourceDatabase.replicationProperties(config));
                Statement statement = connection.createStatement()) {
            checkSameServer(statement, identity);
            try (ResultSet file = statement.executeQuery("TIMELINE_HISTORY " + identity.timeline())) {
                if (!file.next()) {
                    throw new SourceNotReady(unreadable(identity, "the server sent nothing"));
                }
                return TimelineHistory.parse(identity.timeline(), file.getString("content"));
            }
        } catch (IllegalArgumentException | SQLException e) {
            throw new SourceNotReady(unreadable(identity, String.valueOf(e.getMessage())), e);
        }
    }

    /**
     * Opens a replication connection, of the same kind as the stream's.
     *
     * @throws SourceNotReady when no connection can be opened, or it leads to another server
     */
    public void connect(SourceIdentity identity) throws SourceNotReady {
        try (Connection connection =
                        DriverManager.getConnection(config.url(), SourceDatabase.replicationProperties(config));
                Statement statement = connection.createStatement()) {
            checkSameServer(statement, identity);
        } catch (SQLException e) {
            throw new SourceNotReady(
                    "postgres (" + config + "): no replication connection can be opened (" + e.getMessage()
                            + "), so the relay could not stream; check that max_wal_senders is more than the number of"
                            + " replication connections (select count(*) from pg_stat_replication), and that nothing"
                            + " between relay and Postgres refuses them",
                    e);
        }
    }

    private static void checkSameServer(Statement statement, SourceIdentity identity)
            throws SourceNotReady, SQLException {
        try (ResultSet row = statement.executeQuery("IDENTIFY_SYSTEM")) {
            row.next();
            if (!identity.systemIdentifier().equals(row.getString("systemid"))
                    || identity.timeline() != row.getInt("timeline")) {
                throw new SourceNotReady("postgres.url leads to two servers: one on timeline " + identity.timeline()
                        + " of system " + identity.systemIdentifier() + ", and one on timeline "
                        + row.getInt("timeline") + " of system " + row.getString("systemid")
                        + "; a failover may be under way, else let it lead to the primary only");
            }
        }
    }

    private static String unreadable(SourceIdentity identity, String why) {
        return "the history of timeline " + identity.timeline() + " cannot be read (" + why
                + "); check that pg_wal of the primary holds its .history file, and that pg_hba.conf lets the relay's"
                + " user replicate";
    }
}
