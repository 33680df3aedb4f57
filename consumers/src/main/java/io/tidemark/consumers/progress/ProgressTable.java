package io.tidemark.consumers.progress;

import io.tidemark.outbox.Position;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * One projection's rows of {@code tidemark_progress}. Stateless but for its names, so safe on any thread; commits
 * nothing: all statements belong to the caller's transaction.
 */
public final class ProgressTable {

    /** A claim waits no longer than this for a writer that stands still between its update and its commit. */
    private static final String CLAIM_LOCK_TIMEOUT = "set local lock_timeout = '5s'";

    private static final String CLAIM =
            "update tidemark_progress set epoch = epoch + 1, updated_at = now() where projection = ? and topic = ? and"
                    + " partition = ? and group_id = ? returning next_offset, epoch";
    private static final String OWNING_GROUP =
            "select group_id from tidemark_progress where projection = ? and topic = ? and partition = ?";
    private static final String START =
            "insert into tidemark_progress (projection, topic, partition, group_id, next_offset) values (?, ?, ?, ?, ?)"
                    + " on conflict do nothing";
    private static final String ADVANCE =
            "update tidemark_progress set next_offset = ?, position = coalesce(?, position), updated_at = now() where"
                    + " projection = ? and topic = ? and partition = ? and epoch = ? and next_offset = ?";
    private static final String ALL =
            "select topic, partition, next_offset from tidemark_progress where projection = ?";

    private final String projection;
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
     * @param projection whose rows these are
     * @param groupId the consumer group that may advance them
     */
    public ProgressTable(String projection, String groupId) {
        this.projection = projection;
        this.groupId = groupId;
    }

    /** The statement that makes the table unless it is there; for migration tools. */
    public static String sql() {
        try (InputStream file = ProgressTable.class.getResourceAsStream("progress.sql")) {
            if (file == null) {
                throw new IllegalStateException("progress.sql is not on the class path");
            }
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes the table unless it is there. */
    public static void create(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql());
        }
    }

    /**
     * Becomes the partition's owner, once the transaction is committed: no {@link #advance} of an earlier owner succeeds
     * any more.
     *
     * @throws SQLException with state 55P03 when a writer has held the row for five seconds
     */
    public ClaimResult claim(Connection connection, Partition partition) throws SQLException {
        try (Statement timeout = connection.createStatement();
                PreparedStatement update = connection.prepareStatement(CLAIM)) {
            timeout.execute(CLAIM_LOCK_TIMEOUT);
            setKey(update, 1, partition);
            update.setString(4, groupId);
            try (ResultSet row = update.executeQuery()) {
                if (row.next()) {
                    return new ClaimResult.Claimed(row.getLong(1), row.getLong(2));
                }
            }
        }
        try (PreparedStatement select = connection.prepareStatement(OWNING_GROUP)) {
            setKey(select, 1, partition);
            try (ResultSet row = select.executeQuery()) {
                return row.next() ? new ClaimResult.OfAnotherGroup(row.getString(1)) : new ClaimResult.Missing();
            }
        }
    }

    /** Makes the partition's row, so that the projection starts at this offset; does nothing when there is one. */
    public void start(Connection connection, Partition partition, long nextOffset) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(START)) {
            setKey(insert, 1, partition);
            insert.setString(4, groupId);
            insert.setLong(5, nextOffset);
            insert.executeUpdate();
        }
    }

    /**
     * Advances the partition from where it stands: compare and set.
     *
     * @param claimed where the caller believes it stands, and under which epoch
     * @param position of the last event applied, empty when that had none
     * @return false when it stands elsewhere or somebody has claimed it since; the caller must roll back
     */
    public boolean advance(
            Connection connection,
            Partition partition,
            ClaimResult.Claimed claimed,
            long nextOffset,
            Optional<Position> position)
            throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(ADVANCE)) {
            update.setLong(1, nextOffset);
            update.setString(2, position.map(Position::toString).orElse(null));
            setKey(update, 3, partition);
            update.setLong(6, claimed.epoch());
            update.setLong(7, claimed.nextOffset());
            return update.executeUpdate() == 1;
        }
    }

    /** The first offset that is not applied yet, for every partition that has progress. */
    public Map<Partition, Long> nextOffsets(Connection connection) throws SQLException {
        Map<Partition, Long> offsets = new HashMap<>();
        try (PreparedStatement select = connection.prepareStatement(ALL)) {
            select.setString(1, projection);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    offsets.put(new Partition(row.getString(1), row.getInt(2)), row.getLong(3));
                }
            }
        }
        return offsets;
    }

    private void setKey(PreparedStatement statement, int first, Partition partition) throws SQLException {
        statement.setString(first, projection);
        statement.setString(first + 1, partition.topic());
        statement.setInt(first + 2, partition.partition());
    }
}
