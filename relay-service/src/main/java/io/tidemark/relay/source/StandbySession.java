package io.tidemark.relay.source;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.PostgresConfig;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;

/**
 * Two connections to one standby: SQL for how far it has replayed, and a walsender for the timeline, which SQL does not
 * tell during recovery. One thread.
 */
public final class StandbySession implements AutoCloseable {

    /**
     * How far a standby is.
     *
     * @param isStandby false once it has been promoted; the other two mean nothing then
     * @param replayed everything at or below it is visible there
     * @param timeline of which, or of whose ancestors, it has replayed so far
     */
    public record State(boolean isStandby, Lsn replayed, int timeline) {}

    private final Connection sql;
    private final Connection walsender;
    private final PreparedStatement replayed;
    private final String sourceId;

    private StandbySession(Connection sql, Connection walsender) throws SQLException {
        this.sql = sql;
        this.walsender = walsender;
        this.replayed = sql.prepareStatement(
                "select pg_is_in_recovery(), coalesce(pg_last_wal_replay_lsn(), '0/0'::pg_lsn)::text");
        try (Statement statement = sql.createStatement();
                ResultSet row = statement.executeQuery("select id from outbox.source")) {
            row.next();
            this.sourceId = row.getString(1);
        }
    }

    /** @throws SourceNotReady in a sentence, when it cannot be reached or has no outbox */
    public static StandbySession open(PostgresConfig standby) throws SourceNotReady {
        @Nullable Connection sql = null;
        @Nullable Connection walsender = null;
        try {
            sql = new SourceDatabase(standby).connect("replica");
            walsender = DriverManager.getConnection(standby.url(), TimelineReader.replicationProperties(standby));
            return new StandbySession(sql, walsender);
        } catch (SQLException e) {
            close(sql);
            close(walsender);
            throw new SourceNotReady("postgres (" + standby + "): " + e.getMessage(), e);
        }
    }

    /** Of the database it is a copy of. */
    public String sourceId() {
        return sourceId;
    }

    /**
     * How far it is now. The timeline is read after the LSN: a standby that follows another timeline has replayed no
     * more of the earlier one than both have in common, so the LSN is one of the timeline's history in any case.
     */
    public State read() throws SQLException {
        boolean isStandby;
        Lsn lsn;
        try (ResultSet row = replayed.executeQuery()) {
            row.next();
            isStandby = row.getBoolean(1);
            lsn = Lsn.parse(row.getString(2));
        }
        try (Statement statement = walsender.createStatement();
                ResultSet row = statement.executeQuery("IDENTIFY_SYSTEM")) {
            row.next();
            return new State(isStandby, lsn, row.getInt("timeline"));
        }
    }

    /**
     * Where the timeline comes from.
     *
     * @throws SQLException also when the standby does not have the file
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

    @Override
    public void close() {
        close(sql);
        close(walsender);
    }

    private static void close(@Nullable Connection connection) {
        try {
            if (connection != null) {
                connection.close();
            }
        } catch (SQLException e) {
            // the server has closed it already, which is all that is wanted
        }
    }
}
