// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replica;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.reason.Reason;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.timeline.TimelineHistory;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGProperty;

/**
 * One connection to a standby, to a walsender that also accepts SQL. SQL returns how far the standby has replayed;
 * during recovery, only a walsender returns the timeline. One connection, because two could lead to two servers. One
 * thread, except for {@link #abort}.
 */
public final class StandbySession implements AutoCloseable {

    private static final String REPLAYED =
            "select pg_is_in_recovery(), coalesce(pg_last_wal_replay_lsn(), '0/0'::pg_lsn)::text";

    /**
     * How far a standby has replayed.
     *
     * @param isStandby false once it has been promoted; then the other two have no meaning
     * @param replayed everything at or below this LSN is visible on the standby
     * @param timeline the timeline, itself or an ancestor of it, of the replayed WAL
     */
    public record State(boolean isStandby, Lsn replayed, int timeline) {}

    /** The first major version that has {@code WAIT FOR}. */
    private static final int WAITS_SINCE = 19;

    private final Connection walsender;
    private final boolean canWait;
    private final String sourceId;
    private final String systemIdentifier;

    private StandbySession(Connection walsender) throws SQLException {
        this.walsender = walsender;
        this.canWait = walsender.getMetaData().getDatabaseMajorVersion() >= WAITS_SINCE;
        try (Statement statement = walsender.createStatement()) {
            try (ResultSet row = statement.executeQuery("select id from outbox.source")) {
                row.next();
                this.sourceId = row.getString(1);
            }
            try (ResultSet row = statement.executeQuery("IDENTIFY_SYSTEM")) {
                row.next();
                this.systemIdentifier = row.getString("systemid");
            }
        }
    }

    /** @throws SourceNotReady if it cannot be reached, or has no outbox; the message is one sentence */
    public static StandbySession open(PostgresConfig standby) throws SourceNotReady {
        @Nullable Connection connection = null;
        try {
            Properties properties = SourceDatabase.replicationProperties(standby);
            PGProperty.APPLICATION_NAME.set(properties, "tidemark replica");
            connection = DriverManager.getConnection(standby.url(), properties);
            return new StandbySession(connection);
        } catch (SQLException e) {
            close(connection);
            throw new SourceNotReady("postgres (" + standby + "): " + Reason.of(e), e);
        } catch (ConfigurationProblem e) { // for example a password file that cannot be read
            throw new SourceNotReady(String.valueOf(e.getMessage()), e);
        }
    }

    /** The source id of the database that it replicates. */
    public String sourceId() {
        return sourceId;
    }

    /** The system identifier of the Postgres cluster that it replicates, created by initdb. */
    public String systemIdentifier() {
        return systemIdentifier;
    }

    /**
     * The current state. The timeline is read after the LSN. A standby that follows another timeline has replayed the
     * earlier one only up to the point where both part, so the LSN is always part of the timeline's history.
     */
    public State read() throws SQLException {
        try (Statement statement = walsender.createStatement()) {
            boolean isStandby;
            Lsn replayed;
            try (ResultSet row = statement.executeQuery(REPLAYED)) {
                row.next();
                isStandby = row.getBoolean(1);
                replayed = Lsn.parse(row.getString(2));
            }
            try (ResultSet row = statement.executeQuery("IDENTIFY_SYSTEM")) {
                row.next();
                return new State(isStandby, replayed, row.getInt("timeline"));
            }
        }
    }

    /** Whether the server supports {@link #awaitReplayed}. */
    public boolean canWait() {
        return canWait;
    }

    /**
     * Returns when the standby has replayed up to the LSN, after the timeout, or when the server is not a standby any
     * more. {@link #read} returns which, and the timeline, which {@code WAIT FOR} does not return.
     */
    public void awaitReplayed(Lsn lsn, long timeoutMillis) throws SQLException {
        try (Statement statement = walsender.createStatement()) {
            statement.execute("WAIT FOR LSN '" + lsn + "' WITH (TIMEOUT '" + timeoutMillis + "ms', NO_THROW)");
        }
    }

    /**
     * The history of the timeline.
     *
     * @throws SQLException also if the standby does not have the history file
     */
    public TimelineHistory history(int timeline) throws SQLException {
        if (timeline == 1) {
            return TimelineHistory.none(1);
        }
        try (Statement statement = walsender.createStatement();
                ResultSet file = statement.executeQuery("TIMELINE_HISTORY " + timeline)) {
            if (!file.next()) {
                throw new SQLException("the standby sent no history of timeline " + timeline);
            }
            return TimelineHistory.parse(timeline, file.getString("content"));
        } catch (IllegalArgumentException e) {
            throw new SQLException("the history of timeline " + timeline + ": " + e.getMessage(), e);
        }
    }

    /** Aborts a query that is waiting for the server; the query fails. On any thread. */
    public void abort() throws SQLException {
        walsender.abort(Runnable::run);
    }

    @Override
    public void close() {
        close(walsender);
    }

    private static void close(@Nullable Connection connection) {
        try {
            if (connection != null) {
                connection.close();
            }
        } catch (SQLException e) {
            // the server has closed the connection already
        }
    }
}
