// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.audit;

import io.tidemark.relay.config.ColumnsConfig;
import io.tidemark.relay.config.OutboxConfig;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * SQL expressions over the table that is audited. Their values are those that an event has: {@code concat} calls the
 * output function of a type, as the replication stream does, where a cast may change the text.
 *
 * @param createdAt a {@code timestamptz}; null if the table does not have the time of a row
 * @param content as {@link ContentHash} has it
 */
record AuditedTable(
        String table,
        String id,
        String aggregateType,
        @Nullable String createdAt,
        String content,
        boolean isOwn) {

    static AuditedTable of(OutboxConfig outbox, Connection connection) throws SQLException {
        return outbox.isOwn() ? own() : existing(outbox, connection);
    }

    private static AuditedTable own() {
        return new AuditedTable(
                OutboxConfig.OWN_TABLE,
                "id::text",
                "aggregate_type",
                "created_at",
                ContentHash.sql("aggregate_id", "coalesce(convert_to(payload, 'UTF8'), payload_binary)"),
                true);
    }

    /** A timestamp without time zone counts as UTC, as it does for the relay. */
    private static AuditedTable existing(OutboxConfig outbox, Connection connection) throws SQLException {
        ColumnsConfig columns = outbox.columns();
        String payload = column(columns.payload());
        String bytes = isBinary(outbox, connection)
                ? payload
                : "case when " + payload + " is not null then convert_to(concat(" + payload + "), 'UTF8') end";
        String createdAt = columns.createdAt();
        return new AuditedTable(
                outbox.quotedTable(),
                "concat(" + column(columns.id()) + ")",
                "concat(" + column(columns.aggregateType()) + ")",
                createdAt == null ? null : "(" + column(createdAt) + "::timestamptz)",
                ContentHash.sql("concat(" + column(columns.aggregateId()) + ")", bytes),
                false);
    }

    private static String column(@Nullable String name) {
        return "\"" + Objects.requireNonNull(name) + "\""; // the configuration requires it
    }

    private static boolean isBinary(OutboxConfig outbox, Connection connection) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement("select atttypid = 'bytea'::regtype from"
                + " pg_attribute where attrelid = ?::regclass and attname = ? and not attisdropped")) {
            select.setString(1, outbox.quotedTable());
            select.setString(2, outbox.columns().payload());
            try (ResultSet row = select.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }
}
