package io.tidemark.relay.replica;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.reason.Reason;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.timeline.TimelineHistory;
import io.tidemark.relay.timeline.TimelineReader;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGProperty;

/**
 * One connection to a standby, to a walsender, which takes SQL as well: how far it has replayed SQL tells, and of which
 * timeline only a walsender does during recovery. Two connections could lead to two servers. One thread, but for
 * {@link #abort}.
 */
public final class StandbySession implements AutoCloseable {

    private static final String REPLAYED =
            "select pg_is_in_recovery(), coalesce(pg_last_wal_replay_lsn(), '0/0'::pg_lsn)::text";

    /**
     * How far a standby is.
     *
     * @param isStandby false once it has been promoted; the other two mean nothing then
     * @param replayed everything at or below it is visible there
     * @param timeline of which, or of whose ancestors, it has replayed so far
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

    /** @throws SourceNotReady in a sentence, when it cannot be reached or has no outbox */
    public static StandbySession open(PostgresConfig standby) throws SourceNotReady {
        @Nullable Connection connection = null;
        try {
            Properties properties = TimelineReader.replicationProperties(standby);
            PGProperty.APPLICATION_NAME.set(properties, "tidemark replica");
            connection = DriverManager.getConnection(standby.url(), properties);
            return new StandbySession(connection);
        } catch (SQLException e) {
            close(connection);
            throw new SourceNotReady("postgres (" + standby + "): " + Reason.of(e), e);
        } catch (ConfigurationProblem e) { // a password file that cannot be read, for now
            throw new SourceNotReady(String.valueOf(e.getMessage()), e);
        }
    }

    /** Of the database it is a copy of. */
    public String sourceId() {
        return sourceId;
    }

    /** Of the Postgres cluster it is a copy of, made by initdb. */
    public String systemIdentifier() {
        return systemIdentifier;
    }

    /**
     * How far it is now. The timeline is read after the LSN: a standby that follows another timeline has replayed no
     * more of the earlier one than both have in common, so the LSN is one of the timeline's history in any case.
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

    /** Whether {@link #awaitReplayed} is to be had. */
    public boolean canWait() {
        return canWait;
    }

    /**
     * Returns when the standby has replayed up to there, when the time is over, or when it is none any more: which of
     * them {@link #read} tells, and of which timeline, about which {@code WAIT FOR} says nothing.
     */
    public void awaitReplayed(Lsn lsn, long timeoutMillis) throws SQLException {
        try (Statement statement = walsender.createStatement()) {
            statement.execute("WAIT FOR LSN '" + lsn + "' WITH (TIMEOUT '" + timeoutMillis + "ms', NO_THROW)");
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

    /** Ends a question that is waiting for the server, which fails. On any thread. */
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
            // the server has closed it already, which is all that is wanted
        }
    }
}
