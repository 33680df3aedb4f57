// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.progress;

import io.tidemark.consumers.internal.progress.ProgressTable.Partition;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Which generation of a projection is read, and how the next one replaces it. Stateless except for its name, so safe on
 * any thread. Does not commit: all statements belong to the caller's transaction.
 */
public final class Generations {

    private static final String REGISTER =
            "insert into tidemark_generation (projection, generation) values (?, ?) on conflict do nothing";
    private static final String READ = "select generation from tidemark_generation where projection = ?";
    /** Each query must see the newest commits, whatever the pool's default is. For this transaction only. */
    private static final String ISOLATION = "set transaction isolation level read committed";

    /** Maximum time that a switch waits for a writer that hangs between its update and its commit. */
    private static final String LOCK_TIMEOUT = "set local lock_timeout = '5s'";

    /**
     * Maximum time that a frozen process can hold the older generation during a switch. Then the server ends its
     * session.
     */
    private static final String IDLE_TIMEOUT = "set local idle_in_transaction_session_timeout = '10s'";

    private static final String FENCE = "update tidemark_progress set epoch = epoch + 1, updated_at = now() where"
            + " projection = ? and generation = ?";
    private static final String ACTIVATE =
            "update tidemark_generation set generation = ?, since = now() where projection = ?";
    private static final String PROGRESS =
            "select topic, partition, next_offset, caught_up, topic_id from tidemark_progress where projection = ? and"
                    + " generation = ?";
    /** One round trip, without a connection setting that must be restored afterwards. */
    private static final String PROGRESS_IN_NEW_SNAPSHOT =
            "set transaction isolation level repeatable read, read only; select topic, partition, next_offset, caught_up,"
                    + " topic_id from tidemark_progress join tidemark_generation using (projection, generation) where"
                    + " projection = ?";

    private final String projection;

    /**
     * A partition's progress.
     *
     * @param nextOffset the first offset that is not applied yet
     * @param isCaughtUp whether it has been near the end of its topic
     * @param topicId Kafka's id of the topic; empty if not known
     */
    public record Progress(long nextOffset, boolean isCaughtUp, Optional<String> topicId) {

        /** The progress of a generation that has not started. */
        public static final Progress NONE = new Progress(0, false, Optional.empty());

        /** The first offset that is not applied yet in the topic of this id; 0 if it is known to be of another topic. */
        public long nextOffsetIn(Optional<String> topic) {
            return isOfAnother(topic) ? 0 : nextOffset;
        }

        private boolean isOfAnother(Optional<String> topic) {
            return topicId.isPresent() && topic.isPresent() && !topicId.equals(topic);
        }

        /** Offsets that the other generation has applied and this one has not; 0 if the topic was deleted since. */
        public long behind(Progress other) {
            return isOfAnother(other.topicId()) ? 0 : Math.max(0, other.nextOffset() - nextOffset);
        }
    }

    /** @param projection its name */
    public Generations(String projection) {
        this.projection = projection;
    }

    /** The generation that is read. Registers this one if none is registered. */
    public int register(Connection connection, int generation) throws SQLException {
        OptionalInt known = read(connection);
        if (known.isPresent()) {
            return known.getAsInt();
        }
        try (PreparedStatement insert = connection.prepareStatement(REGISTER)) {
            insert.setString(1, projection);
            insert.setInt(2, generation);
            insert.executeUpdate();
        }
        return read(connection)
                .orElseThrow(() -> new SQLException("tidemark_generation lost the row of " + projection
                        + " while it was read; check whether a program deletes from the table"));
    }

    /** The generation that is read, in the snapshot of the transaction; empty if none is registered. */
    public OptionalInt read(Connection connection) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(READ)) {
            return generation(select);
        }
    }

    private OptionalInt generation(PreparedStatement select) throws SQLException {
        select.setString(1, projection);
        try (ResultSet row = select.executeQuery()) {
            return row.next() ? OptionalInt.of(row.getInt(1)) : OptionalInt.empty();
        }
    }

    /**
     * The progress in each partition of the generation that is read. Later queries in the same transaction use the same
     * snapshot.
     *
     * @param connection at the beginning of a transaction, which becomes REPEATABLE READ and read-only
     */
    public Map<Partition, Progress> progressInNewSnapshot(Connection connection) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(PROGRESS_IN_NEW_SNAPSHOT)) {
            select.setString(1, projection);
            select.execute();
            if (!select.getMoreResults()) { // the first result belongs to the setting
                throw new SQLException("this JDBC driver does not return the result of the second of two statements;"
                        + " use"
                        + " org.postgresql's");
            }
            try (ResultSet rows = select.getResultSet()) {
                return progress(rows);
            }
        }
    }

    private static Map<Partition, Progress> progress(ResultSet rows) throws SQLException {
        Map<Partition, Progress> progress = new HashMap<>();
        while (rows.next()) {
            progress.put(
                    new Partition(rows.getString(1), rows.getInt(2)),
                    new Progress(rows.getLong(3), rows.getBoolean(4), Optional.ofNullable(rows.getString(5))));
        }
        return progress;
    }

    /** The progress of a generation in every partition that it has started. */
    public Map<Partition, Progress> progressOf(Connection connection, int generation) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(PROGRESS)) {
            select.setString(1, projection);
            select.setInt(2, generation);
            try (ResultSet rows = select.executeQuery()) {
                return progress(rows);
            }
        }
    }

    /**
     * Until the transaction ends, no runner of any generation can claim a partition of the projection. Call it first in
     * a transaction, which becomes READ COMMITTED.
     *
     * @return the generation that is read
     */
    public OptionalInt lock(Connection connection) throws SQLException {
        try (Statement timeout = connection.createStatement()) {
            timeout.execute(ISOLATION + "; " + LOCK_TIMEOUT + "; " + IDLE_TIMEOUT);
        }
        try (PreparedStatement select = connection.prepareStatement(READ + " for update")) {
            return generation(select);
        }
    }

    /**
     * Until the transaction ends, no owner can advance the generation. After the commit, no current owner can.
     *
     * @throws SQLException with state 55P03 if a writer has held a row for five seconds
     */
    public void fence(Connection connection, int generation) throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(FENCE)) {
            update.setString(1, projection);
            update.setInt(2, generation);
            update.executeUpdate();
        }
    }

    /** Makes it the generation that is read. Call it after {@link #lock} and {@link #fence}, in their transaction. */
    public void activate(Connection connection, int generation) throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(ACTIVATE)) {
            update.setInt(1, generation);
            update.setString(2, projection);
            update.executeUpdate();
        }
    }

    /** The message that a newer generation has replaced this one. */
    public static String replacement(String projection, int generation, int newer) {
        return "generation " + newer + " of " + projection + " is read now; generation " + generation
                + " is not written any more, and its program can be stopped";
    }
}
