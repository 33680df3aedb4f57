// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source.slot;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.OutboxConfig;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The rows that are older than a slot and do not come through it, as {@code outbox.slot} describes them.
 *
 * @param slot its name
 * @param slotBegan where the slot began; empty while it is being made, or when that was interrupted
 * @param count how many there were
 * @param since {@code created_at} of the oldest; empty where the table has no such column
 * @param decision what happens to them; empty before a decision
 * @param arePublished whether the decision was to publish them, and all are in Kafka
 */
public record ExistingRows(
        String slot,
        Optional<Lsn> slotBegan,
        long count,
        Optional<Instant> since,
        Optional<Decision> decision,
        boolean arePublished) {

    /** What happens to the rows. */
    public enum Decision {
        /** They are published before the relay streams. */
        PUBLISH,
        /** A person decided to leave them out. */
        IGNORE,
        /** {@code tidemark adopt} made the slot: some of them were published through the slot before it. */
        ADOPT;

        String column() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Empty when {@code tidemark init} has not made such a slot. */
    public static Optional<ExistingRows> read(Connection connection, String slot) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(
                "select created_lsn::text, existing_rows,"
                        + " existing_since, existing, existing_published_at is not null from outbox.slot where slot_name = ?")) {
            select.setString(1, slot);
            try (ResultSet row = select.executeQuery()) {
                if (!row.next()) {
                    return Optional.empty();
                }
                @Nullable String decided = row.getString(4);
                return Optional.of(new ExistingRows(
                        slot,
                        Optional.ofNullable(row.getString(1)).map(Lsn::parse),
                        row.getLong(2),
                        Optional.ofNullable(row.getObject(3, OffsetDateTime.class))
                                .map(OffsetDateTime::toInstant),
                        Optional.ofNullable(decided).map(text -> Decision.valueOf(text.toUpperCase(Locale.ROOT))),
                        row.getBoolean(5)));
            }
        }
    }

    /** Whether they stay unpublished, by a decision. */
    public boolean isLeftOut() {
        return decision.filter(made -> made != Decision.PUBLISH).isPresent();
    }

    /** Why a relay must not start; empty when it may. */
    public Optional<String> problem(OutboxConfig outbox) {
        if (slotBegan.isEmpty()) {
            return Optional.of("tidemark init was cut off while it made replication slot " + slot
                    + ", so which rows are older than the slot is not recorded. Nothing is published. Run again:"
                    + " tidemark init CONFIG");
        }
        if (count == 0 || arePublished) {
            return Optional.empty();
        }
        if (decision.isEmpty()) {
            return Optional.of(describe(outbox) + ". Nothing is published until you decide. To publish them before"
                    + " everything newer: tidemark init CONFIG --existing publish. To leave them out permanently: tidemark"
                    + " init CONFIG --existing ignore");
        }
        return decision.get() == Decision.PUBLISH
                ? Optional.of(
                        describe(outbox) + ". They are to be published, and that is not finished. Nothing newer is"
                                + " published before. Run again, it continues where it was: tidemark init CONFIG --existing"
                                + " publish")
                : Optional.empty();
    }

    private String describe(OutboxConfig outbox) {
        return count + (count == 1 ? " row of " : " rows of ") + outbox.table() + (count == 1 ? " is" : " are")
                + " older than replication slot " + slot
                + since.map(oldest -> " (the oldest is of " + oldest + ")").orElse("")
                + ": the relay never receives them, so their events are not published"
                + (outbox.isOwn() ? ", and the rows stay in the table" : "");
    }

    /**
     * Records a decision.
     *
     * @return false when another decision was recorded meanwhile, or the slot was made again
     */
    public boolean decide(Connection connection, Decision to) throws SQLException {
        return update(
                connection,
                "existing = '" + to.column() + "'",
                "existing is not distinct from "
                        + decision.map(was -> "'" + was.column() + "'").orElse("null"));
    }

    /**
     * Records that all of them are in Kafka.
     *
     * @return false when the slot was made again meanwhile
     */
    public boolean markPublished(Connection connection) throws SQLException {
        return update(connection, "existing_published_at = now()", "existing = 'publish'");
    }

    private boolean update(Connection connection, String change, String condition) throws SQLException {
        try (PreparedStatement update = connection.prepareStatement("update outbox.slot set " + change
                + " where slot_name = ? and created_lsn = ?::pg_lsn and existing_published_at is null and "
                + condition)) {
            update.setString(1, slot);
            update.setString(2, slotBegan.orElse(Lsn.ZERO).toString());
            return update.executeUpdate() == 1;
        }
    }
}
