// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.explain;

import io.tidemark.outbox.Lsn;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * A committed row of the outbox, without its payload.
 *
 * @param writtenAfter the commit LSN of its transaction is above this one
 * @param writtenUpTo the commit LSN of its transaction is at or below this one
 */
public record CommittedRow(
        String aggregateType,
        String aggregateId,
        String eventType,
        Instant createdAt,
        Lsn writtenAfter,
        Lsn writtenUpTo) {

    /**
     * A row does not know its commit LSN. But the last checkpoint read the next transaction id when the WAL was already
     * past the checkpoint's redo LSN. Any transaction with that id or a later one was therefore committed above the
     * redo LSN.
     */
    private static final String FIND = "select aggregate_type, aggregate_id, event_type, created_at,"
            + " (case when age(event.xmin) <= age(split_part(checkpoint.next_xid, ':', 2)::xid)"
            + " then checkpoint.redo_lsn else '0/0' end)::text"
            + " from outbox.event, pg_control_checkpoint() checkpoint where id = ? order by created_at limit 1";

    /** The row with this id; empty if there is none: never committed, or removed by cleanup. */
    public static Optional<CommittedRow> find(Connection connection, UUID id) throws SQLException {
        // The LSN is read by a later statement than the row: a visible row was committed before that statement.
        try (PreparedStatement select = connection.prepareStatement(FIND)) {
            select.setObject(1, id);
            try (ResultSet row = select.executeQuery()) {
                if (!row.next()) {
                    return Optional.empty();
                }
                Timestamp createdAt = row.getTimestamp(4);
                String type = row.getString(1);
                String aggregateId = row.getString(2);
                String eventType = row.getString(3);
                Lsn after = Lsn.parse(row.getString(5));
                return Optional.of(new CommittedRow(
                        type, aggregateId, eventType, createdAt.toInstant(), after, insertLsn(connection)));
            }
        }
    }

    private static Lsn insertLsn(Connection connection) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement("select pg_current_wal_insert_lsn()::text");
                ResultSet row = select.executeQuery()) {
            row.next();
            return Lsn.parse(row.getString(1));
        }
    }
}
