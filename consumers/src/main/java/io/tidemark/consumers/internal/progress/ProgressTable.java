// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.progress;

import io.tidemark.outbox.Position;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;

/**
 * The rows of one generation of a projection in {@code tidemark_progress}. Stateless except for its names, so safe on
 * any thread. Does not commit: all statements belong to the caller's transaction.
 */
public final class ProgressTable {

    /** Maximum time that a claim waits for a writer that hangs between its update and its commit. */
    private static final String CLAIM_LOCK_TIMEOUT = "set local lock_timeout = '5s'";

    /** A shared lock: no switch to another generation can happen between this and the claim. */
    private static final String READ_GENERATION =
            "select generation from tidemark_generation where projection = ? for share";

    private static final String KEY = " projection = ? and generation = ? and topic = ? and partition = ?";
    /** If the row or the broker has no topic id, the topic is not compared. */
    private static final String OF_TOPIC = " and coalesce(topic_id = ?, true)";

    private static final String CLAIM = "update tidemark_progress set epoch = epoch + 1, updated_at = now(), topic_id ="
            + " coalesce(?, topic_id) where" + KEY
            + " and group_id = ?" + OF_TOPIC + " returning next_offset, epoch";
    private static final String OWNER = "select group_id, topic_id, next_offset from tidemark_progress where" + KEY;
    private static final String START =
            "insert into tidemark_progress (projection, generation, topic, partition, group_id, next_offset,"
                    + " topic_id) values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing";
    private static final String ADVANCE =
            "update tidemark_progress set next_offset = ?, position = coalesce(?, position), updated_at = now() where"
                    + KEY + " and epoch = ? and next_offset = ?" + OF_TOPIC;
    private static final String CAUGHT_UP =
            "update tidemark_progress set caught_up = true where" + KEY + " and epoch = ?";

    private final String projection;
    private final int generation;
    private final String groupId;

    /**
     * One partition of a topic.
     *
     * @param topic its name
     * @param partition from 0
     */
    public record Partition(String topic, int partition) {

        @Override
        public String toString() {
            return topic + "-" + partition;
        }
    }

    /**
     * @param projection the projection of these rows
     * @param generation from 1
     * @param groupId the projection's consumer group, to which the rows belong
     */
    public ProgressTable(String projection, int generation, String groupId) {
        this.projection = projection;
        this.generation = generation;
        this.groupId = groupId;
    }

    /**
     * Becomes the partition's owner when the transaction is committed. After that, no {@link #advance} of an earlier
     * owner succeeds.
     *
     * @param topicId the current id of the topic; empty if the brokers have none. Stored in a row without one
     * @throws SQLException with state 55P03 if a writer has held the row for five seconds
     */
    public ClaimResult claim(Connection connection, Partition partition, Optional<String> topicId) throws SQLException {
        try (Statement timeout = connection.createStatement()) {
            timeout.execute(CLAIM_LOCK_TIMEOUT);
        }
        try (PreparedStatement select = connection.prepareStatement(READ_GENERATION)) {
            select.setString(1, projection);
            try (ResultSet row = select.executeQuery()) {
                if (row.next() && row.getInt(1) > generation) {
                    return new ClaimResult.Replaced(row.getInt(1));
                }
            }
        }
        try (PreparedStatement update = connection.prepareStatement(CLAIM)) {
            update.setString(1, topicId.orElse(null));
            setKey(update, 2, partition);
            update.setString(6, groupId);
            update.setString(7, topicId.orElse(null));
            try (ResultSet row = update.executeQuery()) {
                if (row.next()) {
                    return new ClaimResult.Claimed(row.getLong(1), row.getLong(2));
                }
            }
        }
        return whyNot(connection, partition, topicId);
    }

    private ClaimResult whyNot(Connection connection, Partition partition, Optional<String> topicId)
            throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(OWNER)) {
            setKey(select, 1, partition);
            try (ResultSet row = select.executeQuery()) {
                if (!row.next()) {
                    return new ClaimResult.Missing();
                }
                return row.getString(1).equals(groupId)
                        ? new ClaimResult.OfAnotherTopic(
                                String.valueOf(row.getString(2)), topicId.orElse(""), row.getLong(3))
                        : new ClaimResult.OfAnotherGroup(row.getString(1));
            }
        }
    }

    /** Creates the partition's row, so that the projection starts at this offset. Does nothing if the row exists. */
    public void start(Connection connection, Partition partition, Optional<String> topicId, long nextOffset)
            throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(START)) {
            setKey(insert, 1, partition);
            insert.setString(5, groupId);
            insert.setLong(6, nextOffset);
            insert.setString(7, topicId.orElse(null));
            insert.executeUpdate();
        }
    }

    /**
     * Advances the partition from its current offset: compare and set.
     *
     * @param topicId the topic's id, as the caller last knew it; empty if the brokers have none
     * @param claimed the offset and the epoch that the caller expects
     * @param position position of the last event applied; empty if it has none
     * @return false if the offset differs, another owner has claimed the partition, or it belongs to another topic of
     *     that name; the caller must roll back
     */
    public boolean advance(
            Connection connection,
            Partition partition,
            Optional<String> topicId,
            ClaimResult.Claimed claimed,
            long nextOffset,
            Optional<Position> position)
            throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(ADVANCE)) {
            update.setLong(1, nextOffset);
            update.setString(2, position.map(Position::toString).orElse(null));
            setKey(update, 3, partition);
            update.setLong(7, claimed.epoch());
            update.setLong(8, claimed.nextOffset());
            update.setString(9, topicId.orElse(null));
            return update.executeUpdate() == 1;
        }
    }

    /**
     * Records that the partition is near the end of its topic. A generation must be near the end before it is read.
     *
     * @return false if another owner has claimed the partition since
     */
    public boolean noteCaughtUp(Connection connection, Partition partition, ClaimResult.Claimed claimed)
            throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(CAUGHT_UP)) {
            setKey(update, 1, partition);
            update.setLong(5, claimed.epoch());
            return update.executeUpdate() == 1;
        }
    }

    private void setKey(PreparedStatement statement, int first, Partition partition) throws SQLException {
        statement.setString(first, projection);
        statement.setInt(first + 1, generation);
        statement.setString(first + 2, partition.topic());
        statement.setInt(first + 3, partition.partition());
    }
}
