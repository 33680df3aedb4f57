package io.tidemark.relay.capture;

import io.debezium.connector.postgresql.connection.ReplicationMessage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.BaseConnection;

/**
 * Reads a decoded INSERT into {@code outbox.event}. Columns are found by name; where they stand is remembered for as
 * long as Debezium hands out the same name objects, which it does until the table's shape changes. On the streaming
 * thread only.
 */
final class OutboxRow {

    private static final List<String> COLUMNS = List.of(
            "id",
            "aggregate_type",
            "aggregate_id",
            "event_type",
            "payload",
            "payload_binary",
            "content_type",
            "headers",
            "traceparent",
            "tracestate",
            "created_at");

    private String[] knownNames = new String[0];
    private final int[] places = new int[COLUMNS.size()];

    /** @throws OutboxShapeChanged when a column that is needed is not there */
    CapturedEvent read(ReplicationMessage insert) {
        List<ReplicationMessage.Column> columns = insert.getNewTupleList();
        if (!hasKnownShape(columns)) {
            learn(columns);
        }
        return new CapturedEvent(
                required(columns, 0),
                required(columns, 1),
                required(columns, 2),
                required(columns, 3),
                payload(columns),
                text(columns, 6),
                text(columns, 7),
                text(columns, 8),
                text(columns, 9),
                millis(value(columns, 10)));
    }

    @SuppressWarnings("ReferenceEquality") // a cheap test of "same as last time"; a miss only costs a look-up
    private boolean hasKnownShape(List<ReplicationMessage.Column> columns) {
        if (columns.size() != knownNames.length) {
            return false;
        }
        for (int i = 0; i < knownNames.length; i++) {
            if (columns.get(i).getName() != knownNames[i]) {
                return false;
            }
        }
        return true;
    }

    private void learn(List<ReplicationMessage.Column> columns) {
        String[] names =
                columns.stream().map(ReplicationMessage.Column::getName).toArray(String[]::new);
        for (int i = 0; i < places.length; i++) {
            places[i] = Arrays.asList(names).indexOf(COLUMNS.get(i));
            if (places[i] < 0) {
                throw new OutboxShapeChanged("outbox.event has no column " + COLUMNS.get(i)
                        + " any more; add it again, as the migration V1__schema.sql has it");
            }
        }
        knownNames = names;
    }

    private byte @Nullable [] payload(List<ReplicationMessage.Column> columns) {
        Object text = value(columns, 4);
        if (text != null) {
            return ((String) text).getBytes(StandardCharsets.UTF_8);
        }
        Object bytes = value(columns, 5);
        if (bytes instanceof ByteBuffer buffer) {
            byte[] copy = new byte[buffer.remaining()];
            buffer.duplicate().get(copy);
            return copy;
        }
        return (byte[]) bytes;
    }

    private String required(List<ReplicationMessage.Column> columns, int column) {
        String text = text(columns, column);
        if (text == null) {
            throw new OutboxShapeChanged("outbox.event." + COLUMNS.get(column)
                    + " is null; the column must be NOT NULL, as the migration V1__schema.sql has it");
        }
        return text;
    }

    private @Nullable String text(List<ReplicationMessage.Column> columns, int column) {
        Object value = value(columns, column);
        return value == null ? null : value.toString();
    }

    private @Nullable Object value(List<ReplicationMessage.Column> columns, int column) {
        return columns.get(places[column]).getValue(OutboxRow::noConnection, false);
    }

    private static long millis(@Nullable Object createdAt) {
        if (createdAt instanceof OffsetDateTime time) {
            return time.toInstant().toEpochMilli();
        }
        if (createdAt instanceof LocalDateTime time) {
            return time.toInstant(ZoneOffset.UTC).toEpochMilli();
        }
        throw new OutboxShapeChanged("outbox.event.created_at is not a timestamp with time zone; make it one again");
    }

    private static BaseConnection noConnection() {
        throw new IllegalStateException("no column of the outbox needs a look-up in the database");
    }
}
