package io.tidemark.relay.capture;

import io.debezium.connector.postgresql.connection.ReplicationMessage;
import io.tidemark.outbox.Lsn;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.BaseConnection;

/**
 * Reads a decoded INSERT into {@code outbox.event}. Columns are found by name; where they stand is remembered for as
 * long as Debezium hands out the same name objects, which it does until the table's shape changes. On the streaming
 * thread only.
 */
final class OutboxRow {

    static final List<String> COLUMNS = List.of(
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

    /** Without one of these there is no event; the others may be null. */
    private static final Set<String> NEVER_NULL =
            Set.of("id", "aggregate_type", "aggregate_id", "event_type", "created_at");

    private static final String[] NONE = new String[0];
    private static final int ABSENT = -1;

    private final Lsn shapeCompleteAt;
    private String[] knownNames = NONE;
    private final int[] places = new int[COLUMNS.size()];

    OutboxRow(Lsn shapeCompleteAt) {
        this.shapeCompleteAt = shapeCompleteAt;
    }

    /** @throws OutboxShapeChanged when a column that is needed is not there */
    CapturedEvent read(ReplicationMessage insert, io.debezium.connector.postgresql.connection.Lsn changeLsn) {
        List<ReplicationMessage.Column> columns = insert.getNewTupleList();
        if (!hasKnownShape(columns)) {
            learn(columns, new Lsn(changeLsn.asLong()));
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

    private void learn(List<ReplicationMessage.Column> columns, Lsn changeLsn) {
        String[] names =
                columns.stream().map(ReplicationMessage.Column::getName).toArray(String[]::new);
        knownNames = names;
        for (int i = 0; i < places.length; i++) {
            places[i] = Arrays.asList(names).indexOf(COLUMNS.get(i));
            if (places[i] == ABSENT) {
                requireMended(COLUMNS.get(i), Arrays.asList(names), changeLsn);
                knownNames = NONE; // the next row is looked at for itself
            }
        }
    }

    /**
     * The WAL keeps a row as the table was when it was written, also when the column has been added again since. Such a
     * row never had a value there: what the table shows for it, null, is published. But not if there is a column that
     * is not ours, which may be ours renamed, with the value in it.
     */
    private void requireMended(String column, List<String> names, Lsn changeLsn) {
        if (!shapeCompleteAt.isAfter(changeLsn)) {
            throw new OutboxShapeChanged("outbox.event has no column " + column
                    + " any more; add it again, as the migration V1__schema.sql has it, or give it its name back");
        }
        if (NEVER_NULL.contains(column) || !COLUMNS.containsAll(names)) {
            throw new OutboxShapeChanged("outbox.event has its column " + column + " again, but the row written at "
                    + changeLsn + " is in the WAL without it, with the columns " + String.join(", ", names)
                    + ", and cannot be published; nothing behind it is");
        }
    }

    private byte @Nullable [] payload(List<ReplicationMessage.Column> columns) {
        byte[] text = bytes(columns, 4);
        return text != null ? text : bytes(columns, 5);
    }

    /** Of text or bytes, whichever the column is. */
    private byte @Nullable [] bytes(List<ReplicationMessage.Column> columns, int column) {
        Object value = value(columns, column);
        if (value == null) {
            return null;
        }
        if (value instanceof String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        if (value instanceof byte[] bytes) {
            return bytes;
        }
        if (value instanceof ByteBuffer buffer) {
            byte[] copy = new byte[buffer.remaining()];
            buffer.duplicate().get(copy);
            return copy;
        }
        throw new OutboxShapeChanged("outbox.event." + COLUMNS.get(column)
                + " is of a type that is neither text nor bytes; make it again what the migration V1__schema.sql has");
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
        int place = places[column];
        return place == ABSENT ? null : columns.get(place).getValue(OutboxRow::noConnection, false);
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
