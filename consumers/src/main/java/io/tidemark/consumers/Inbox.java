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
 * Deals with each event once outside the database (a mail, a call), as far as that can be: what has ended is never
 * repeated, and what a crash has cut off is repeated or left as the caller chooses. Safe on any thread and in any number
 * of processes; holds a connection while an effect lasts.
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

    /** What is done outside the database. */
    @FunctionalInterface
    public interface Effect {

        /** @throws Exception when it has not happened; it will be tried again when the event comes again */
        void happen() throws Exception;
    }

    /** What to do about an event that was begun and never ended: nobody knows whether its effect happened. */
    public enum Unfinished {
        /** Again: at least once. Right where the other side recognises the event's id. */
        REPEAT,
        /** Never again: at most once. */
        LEAVE
    }

    /** What was done about an event. */
    public enum Result {
        HAPPENED_NOW,
        HAPPENED_BEFORE,
        /** Begun before, and left: it may or may not have happened. */
        LEFT_UNFINISHED
    }

    /**
     * @param database where the table is; a connection is taken for each event, so give it a pool
     * @param consumer who deals with the events; others deal with them independently
     * @param keep how long an event is remembered; longer than it can come again, a topic's retention for example
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

    /** The statements that make the table unless it is there; for migration tools. */
    public static String sql() {
        return TableScript.INBOX.sql();
    }

    /** Makes the table unless it is there. */
    public static void create(Connection connection) throws SQLException {
        TableScript.INBOX.create(connection);
    }

    /**
     * Makes the effect happen unless it has. Nobody else deals with the event of this consumer meanwhile.
     *
     * @throws Exception of the effect: the event is forgotten then, as if it had never come
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
     * @return false when it is there already, so that nothing is to be done
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

    /** Forgets what has expired, of all consumers; to be called now and then. Returns how many. */
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
