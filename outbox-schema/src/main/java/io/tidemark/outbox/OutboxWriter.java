// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Writes events into the outbox on the caller's connection, inside the caller's transaction. They are published only if
 * that transaction commits. Stateless; as thread-safe as the connection.
 */
public final class OutboxWriter {

    private static final String PUBLISH_TEXT = "select outbox.publish(?, ?, ?, ?::text, ?::jsonb, ?, ?, ?)";
    private static final String PUBLISH_BYTES = "select outbox.publish(?, ?, ?, ?::bytea, ?::jsonb, ?, ?, ?)";
    private static final String EMIT_TEXT = "select outbox.emit(?, ?, ?, ?::text, ?::jsonb, ?, ?, ?)";
    private static final String EMIT_BYTES = "select outbox.emit(?, ?, ?, ?::bytea, ?::jsonb, ?, ?, ?)";

    /**
     * Adds the event to the current transaction.
     *
     * @return the event's id, which becomes the Kafka header {@code id}
     * @throws SQLException with state 23514 (check violation) if a field is not valid; the violated constraint in the
     *     message names the field and the reason
     */
    public UUID publish(Connection connection, OutboxEvent event) throws SQLException {
        return write(connection, isBinary(event) ? PUBLISH_BYTES : PUBLISH_TEXT, event);
    }

    /**
     * Adds the event to the current transaction without a row in the outbox. Only the WAL has the event, so no cleanup
     * is needed, but the event cannot be replayed. Needs migration V4, and relays that support it.
     *
     * @return the event's id, which becomes the Kafka header {@code id}
     * @throws SQLException as {@link #publish}, with state 23514 and the same names; 23502 if a required field is null
     */
    public UUID emit(Connection connection, OutboxEvent event) throws SQLException {
        return write(connection, isBinary(event) ? EMIT_BYTES : EMIT_TEXT, event);
    }

    private static boolean isBinary(OutboxEvent event) {
        return event.payload() instanceof OutboxEvent.Bytes;
    }

    private static UUID write(Connection connection, String call, OutboxEvent event) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(call)) {
            insert.setString(1, event.aggregateType());
            insert.setString(2, event.aggregateId());
            insert.setString(3, event.eventType());
            if (event.payload() instanceof OutboxEvent.Text text) {
                insert.setString(4, text.value());
            } else if (event.payload() instanceof OutboxEvent.Bytes bytes) {
                insert.setBytes(4, bytes.value());
            } else {
                insert.setNull(4, Types.VARCHAR);
            }
            insert.setString(5, event.headers().isEmpty() ? null : toJson(event.headers()));
            setNullable(insert, 6, event.contentType());
            setNullable(insert, 7, event.traceparent());
            setNullable(insert, 8, event.tracestate());
            try (ResultSet result = insert.executeQuery()) {
                result.next();
                return result.getObject(1, UUID.class);
            }
        }
    }

    private static void setNullable(PreparedStatement statement, int index, @Nullable String value)
            throws SQLException {
        if (value == null) {
            statement.setNull(index, Types.VARCHAR);
        } else {
            statement.setString(index, value);
        }
    }

    /** A flat object of strings needs no JSON library; strings are escaped by RFC 8259, section 7. */
    static String toJson(Map<String, String> headers) {
        StringBuilder json = new StringBuilder("{");
        headers.forEach((name, value) -> {
            if (json.length() > 1) {
                json.append(',');
            }
            appendString(json, name);
            json.append(':');
            appendString(json, value);
        });
        return json.append('}').toString();
    }

    private static void appendString(StringBuilder json, String text) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < 0x20) {
                json.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        json.append('"');
    }
}
