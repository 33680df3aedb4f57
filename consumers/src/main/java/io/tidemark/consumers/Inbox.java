package io.tidemark.consumers;

import io.tidemark.consumers.internal.tables.TableScript;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Makes effects outside the database (a mail, a call) happen once for each event, as far as that is possible: an effect
 * that has ended is never repeated; one that a crash has interrupted is repeated or left, as the caller chooses. Safe on
 * any thread and in any number of processes; holds a connection while an effect lasts.
 */
public final class Inbox {

    /** Session-level, so that it goes with the session when the process dies. */
    private static final String LOCK = "select pg_advisory_lock(hashtextextended(? || ?::text, 0))";

    private static final String UNLOCK = "select pg_advisory_unlock(hashtextextended(? || ?::text, 0))";
    private static final String FIND =
            "select ended_at is not null from tidemark_inbox where consumer = ? and event_id = ?";
    private static final String BEGIN =
            "insert into tidemark_inbox (consumer, event_id, expires_at) values (?, ?, now() + ? * interval '1"
                    + " second') on conflict (consumer, event_id) do update set begun_at = now(), expires_at ="
                    + " excluded.expires_at";
    private static final String END = "update tidemark_inbox set ended_at = now() where consumer = ? and event_id = ?";
    private static final String FORGET = "delete from tidemark_inbox where consumer = ? and event_id = ?";
    private static final String EXPIRE = "delete from tidemark_inbox where expires_at < now()";

    private final DataSource database;
    private final String consumer;
    private final Duration keep;

    /** An effect outside the database. */
    @FunctionalInterface
    public interface Effect {

        /** @throws Exception when it has not happened; it is tried again when the event is consumed again */
        void happen() throws Exception;
    }

    /** What to do with an event that was begun and never ended: nobody knows whether its effect happened. */
    public enum Unfinished {
        /** Repeat the effect: at least once. Right where the other side recognises the event's id. */
        REPEAT,
        /** Do not repeat the effect: at most once. */
        LEAVE
    }

    /** Whether an event's effect has happened. */
    public enum Result {
        /** It has happened in this call. */
        HAPPENED_NOW,
        /** It has happened in an earlier call. */
        HAPPENED_BEFORE,
        /** It was begun in an earlier call, and may or may not have happened. */
        LEFT_UNFINISHED
    }

    /**
     * @param database has the table; a connection is taken for each event, so give it a pool
     * @param consumer name of the program; each consumer has rows of its own
     * @param keep how long an event is remembered, a second or longer; longer than the retention of its topic
     * @throws IllegalArgumentException when the consumer is empty or {@code keep} is too short
     */
    public Inbox(DataSource database, String consumer, Duration keep) {
        if (consumer.isBlank()) {
            throw new IllegalArgumentException("consumer is empty; name the program that deals with the events");
        }
        if (keep.compareTo(Duration.ofSeconds(1)) < 0) {
            throw new IllegalArgumentException("keep must be a second or longer, not " + keep);
        }
        this.database = database;
        this.consumer = consumer;
        this.keep = keep;
    }

    /** The statements that create the table unless it exists, for migration tools. */
    public static String sql() {
        return TableScript.INBOX.sql();
    }

    /** Creates the table unless it exists; commits only if the connection is in auto-commit mode. */
    public static void create(Connection connection) throws SQLException {
        TableScript.INBOX.create(connection);
    }

    /**
     * Makes the effect happen unless it has happened. Meanwhile no other call of this consumer works on the event, in
     * whatever process.
     *
     * @throws Exception of the effect; the event is forgotten then, as if it had never been consumed
     * @throws SQLException when the database fails
     */
    public Result once(UUID eventId, Unfinished unfinished, Effect effect) throws Exception {
        try (Connection connection = database.getConnection();
                Lock lock = new Lock(connection, eventId)) {
            return locked(connection, eventId, unfinished, effect);
        }
    }

    /** Keeps everybody else from the event, in whatever process; on a connection whose every step outlives the next. */
    private final class Lock implements AutoCloseable {

        private final Connection connection;
        private final UUID eventId;

        Lock(Connection connection, UUID eventId) throws SQLException {
            this.connection = connection;
            this.eventId = eventId;
            connection.setAutoCommit(true);
            query(connection, LOCK, eventId);
        }

        @Override
        public void close() throws SQLException {
            query(connection, UNLOCK, eventId);
        }
    }

    private Result locked(Connection connection, UUID eventId, Unfinished unfinished, Effect effect) throws Exception {
        try (PreparedStatement find = statement(connection, FIND, eventId);
                ResultSet row = find.executeQuery()) {
            if (row.next()) {
                if (row.getBoolean(1)) {
                    return Result.HAPPENED_BEFORE;
                }
                if (unfinished == Unfinished.LEAVE) {
                    return Result.LEFT_UNFINISHED;
                }
            }
        }
        try (PreparedStatement begin = statement(connection, BEGIN, eventId)) {
            begin.setLong(3, keep.toSeconds());
            begin.executeUpdate();
        }
        try {
            effect.happen();
        } catch (Exception e) {
            update(connection, FORGET, eventId);
            throw e;
        }
        update(connection, END, eventId);
        return Result.HAPPENED_NOW;
    }

    /**
     * Notes the event in the caller's transaction, for consumers whose effects are all in that database but that have no
     * progress of their own.
     *
     * @return false when it was noted before, so that there is nothing to do
     */
    public boolean note(Connection connection, UUID eventId) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(
                "insert into tidemark_inbox (consumer, event_id, ended_at, expires_at) values (?, ?, now(), now() + ? *"
                        + " interval '1 second') on conflict do nothing")) {
            insert.setString(1, consumer);
            insert.setObject(2, eventId);
            insert.setLong(3, keep.toSeconds());
            return insert.executeUpdate() == 1;
        }
    }

    /**
     * Deletes the rows that have expired, of all consumers; call it now and then.
     *
     * @return the number of events forgotten
     */
    public static int forgetExpired(Connection connection) throws SQLException {
        try (PreparedStatement delete = connection.prepareStatement(EXPIRE)) {
            return delete.executeUpdate();
        }
    }

    private void query(Connection connection, String sql, UUID eventId) throws SQLException {
        try (PreparedStatement statement = statement(connection, sql, eventId)) {
            statement.execute();
        }
    }

    private void update(Connection connection, String sql, UUID eventId) throws SQLException {
        try (PreparedStatement statement = statement(connection, sql, eventId)) {
            statement.executeUpdate();
        }
    }

    private PreparedStatement statement(Connection connection, String sql, UUID eventId) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        statement.setString(1, consumer);
        statement.setObject(2, eventId);
        return statement;
    }
}
