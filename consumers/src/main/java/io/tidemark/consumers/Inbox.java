// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import io.tidemark.consumers.internal.database.BorrowedConnection;
import io.tidemark.consumers.internal.tables.TableScript;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Makes effects outside the database (a mail, a call) happen once for each event, as far as that is possible. An effect
 * that has ended is never repeated. If a crash has interrupted an effect, the caller chooses whether to repeat it. Safe
 * on any thread and in any number of processes, also behind a pooler that gives each transaction another session. Holds
 * a connection and a transaction during an effect.
 */
public final class Inbox {

    /**
     * Longer than a call needs between its two transactions. A call that began earlier than this without a lock is
     * dead.
     */
    private static final Duration GAP = Duration.ofSeconds(2);

    private static final long PAUSE_MILLIS = 20;

    private static final String CREATE =
            "insert into tidemark_inbox (consumer, event_id, expires_at) values (?, ?, clock_timestamp() + ? * interval '1"
                    + " second') on conflict (consumer, event_id) do nothing";
    /** The row's lock keeps all other calls from the event. It ends with the transaction. */
    private static final String LOCK =
            "select ended_at is not null, owner, extract(epoch from clock_timestamp() - begun_at) from tidemark_inbox"
                    + " where consumer = ? and event_id = ? for update";

    private static final String BEGIN =
            "update tidemark_inbox set owner = ?, begun_at = clock_timestamp(), expires_at ="
                    + " clock_timestamp() + ? * interval '1 second' where consumer = ? and event_id = ?";
    private static final String TAKE = "update tidemark_inbox set owner = ? where consumer = ? and event_id = ?";
    private static final String END =
            "update tidemark_inbox set ended_at = clock_timestamp() where consumer = ? and event_id = ?";
    private static final String FORGET = "delete from tidemark_inbox where consumer = ? and event_id = ?";
    private static final String EXPIRE = "delete from tidemark_inbox where expires_at < now()";

    private final DataSource database;
    private final String consumer;
    private final Duration keep;

    /** An effect outside the database. */
    @FunctionalInterface
    public interface Effect {

        /** @throws Exception if the effect has not happened; it is tried again when the event is consumed again */
        void happen() throws Exception;
    }

    /** What to do with an event that was begun but not ended, so that it is not known whether its effect happened. */
    public enum Unfinished {
        /** Repeat the effect: at least once. Use it if the other side recognises the event's id. */
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
     * @param database has the table; a connection is taken for each event, so use a pool
     * @param consumer name of the program; each consumer has separate rows
     * @param keep how long an event is remembered; at least a second, and longer than the retention of its topic
     * @throws IllegalArgumentException when the consumer is empty or {@code keep} is too short
     */
    public Inbox(DataSource database, String consumer, Duration keep) {
        if (consumer.isBlank()) {
            throw new IllegalArgumentException(
                    "consumer is empty; set the name of the program that handles the" + " events");
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

    /** Creates the table unless it exists, and commits, whatever the auto-commit mode of the pool's connections is. */
    public static void create(DataSource database) throws SQLException {
        TableScript.INBOX.create(database);
    }

    /**
     * Creates the table unless it exists, in the connection's transaction, for migrations in Java. Commits nothing: with
     * auto-commit off the caller commits.
     */
    public static void create(Connection connection) throws SQLException {
        TableScript.INBOX.create(connection);
    }

    /**
     * Makes the effect happen unless it has happened. Meanwhile no other call of this consumer, in any process, works
     * on the event.
     *
     * <p>First the event's row is marked as begun and committed. Then the effect happens in a second transaction, which
     * holds the row's lock and ends with the process. A row that was begun and is not locked belongs to a call that has
     * died, or that is between its transactions. Such a row is left alone for two seconds. After that its owner cannot
     * begin any more.
     *
     * @throws Exception from the effect; then the event is forgotten, as if it had not been consumed
     * @throws SQLException when the database fails
     */
    public Result once(UUID eventId, Unfinished unfinished, Effect effect) throws Exception {
        UUID owner = UUID.randomUUID();
        while (true) {
            try (BorrowedConnection borrowed = BorrowedConnection.inTransaction(database)) {
                Connection connection = borrowed.connection();
                Optional<Result> known = claim(connection, eventId, owner, unfinished);
                connection.commit();
                if (known.isPresent()) {
                    return known.get();
                }
                isolate(connection);
                // Another call may have intervened. Then it owns the event, and this call checks again.
                Row row = row(connection, eventId);
                if (row != null && !row.hasEnded() && owner.equals(row.owner())) {
                    return happen(connection, eventId, effect);
                }
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
    }

    /**
     * An event's row, locked until the transaction ends.
     *
     * @param owner the call that has begun it; null if none has
     * @param beganSecondsAgo 0 if no call has begun it
     */
    private record Row(boolean hasEnded, @Nullable UUID owner, double beganSecondsAgo) {}

    /** Marks the event as begun by this owner. Empty if it did, or if another call may be about to begin. */
    private Optional<Result> claim(Connection connection, UUID eventId, UUID owner, Unfinished unfinished)
            throws SQLException {
        isolate(connection);
        try (PreparedStatement create = statement(connection, CREATE, eventId)) {
            create.setLong(3, keep.toSeconds());
            create.executeUpdate();
        }
        Row row = row(connection, eventId);
        if (row == null) {
            return Optional.empty(); // forgotten by a call whose effect has failed
        }
        if (row.hasEnded()) {
            return Optional.of(Result.HAPPENED_BEFORE);
        }
        boolean isBegun = row.owner() != null;
        if (isBegun && row.beganSecondsAgo() < GAP.toSeconds()) {
            return Optional.empty();
        }
        if (isBegun && unfinished == Unfinished.LEAVE) {
            take(connection, eventId, owner); // a call that was frozen in between finds that it has lost the event
            return Optional.of(Result.LEFT_UNFINISHED);
        }
        begin(connection, eventId, owner);
        return Optional.empty();
    }

    /** Each statement must see the commits of others, whatever the pool's default is. For this transaction only. */
    private static void isolate(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("set transaction isolation level read committed");
        }
    }

    private @Nullable Row row(Connection connection, UUID eventId) throws SQLException {
        try (PreparedStatement lock = statement(connection, LOCK, eventId);
                ResultSet row = lock.executeQuery()) {
            return row.next() ? new Row(row.getBoolean(1), row.getObject(2, UUID.class), row.getDouble(3)) : null;
        }
    }

    private void take(Connection connection, UUID eventId, UUID owner) throws SQLException {
        try (PreparedStatement take = connection.prepareStatement(TAKE)) {
            take.setObject(1, owner);
            take.setString(2, consumer);
            take.setObject(3, eventId);
            take.executeUpdate();
        }
    }

    private void begin(Connection connection, UUID eventId, UUID owner) throws SQLException {
        try (PreparedStatement begin = connection.prepareStatement(BEGIN)) {
            begin.setObject(1, owner);
            begin.setLong(2, keep.toSeconds());
            begin.setString(3, consumer);
            begin.setObject(4, eventId);
            begin.executeUpdate();
        }
    }

    private Result happen(Connection connection, UUID eventId, Effect effect) throws Exception {
        try {
            effect.happen();
        } catch (Exception e) {
            update(connection, FORGET, eventId);
            connection.commit();
            throw e;
        }
        update(connection, END, eventId);
        connection.commit();
        return Result.HAPPENED_NOW;
    }

    /**
     * Records the event in the caller's transaction, for consumers whose effects are all in that database but that do
     * not store their progress.
     *
     * @return false if it was recorded before, so that nothing must be done
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
     * Deletes the expired rows of all consumers, and commits. Call it regularly.
     *
     * @return the number of events forgotten
     */
    public static int forgetExpired(DataSource database) throws SQLException {
        try (BorrowedConnection borrowed = BorrowedConnection.autoCommitting(database)) {
            return forgetExpired(borrowed.connection());
        }
    }

    /**
     * The same in the connection's transaction, which the caller commits.
     *
     * @return the number of events forgotten
     */
    public static int forgetExpired(Connection connection) throws SQLException {
        try (PreparedStatement delete = connection.prepareStatement(EXPIRE)) {
            return delete.executeUpdate();
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
