// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture;

import io.debezium.connector.postgresql.connection.ReplicationMessage;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.ColumnsConfig;
import io.tidemark.relay.config.OutboxConfig;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.BaseConnection;

/**
 * Reads a decoded INSERT into the outbox table, ours or an existing one. Columns are found by name. Their positions are
 * remembered while Debezium passes the same name objects, which it does until the table's shape changes. On the
 * streaming thread only.
 */
public final class OutboxRow {

    private static final int ID = 0;
    private static final int AGGREGATE_TYPE = 1;
    private static final int AGGREGATE_ID = 2;
    private static final int EVENT_TYPE = 3;
    private static final int PAYLOAD = 4;
    private static final int PAYLOAD_BINARY = 5;
    private static final int CONTENT_TYPE = 6;
    private static final int HEADERS = 7;
    private static final int TRACEPARENT = 8;
    private static final int TRACESTATE = 9;
    private static final int CREATED_AT = 10;
    /** From here on, the columns that become headers, in the order of the configuration. */
    private static final int ADDITIONAL = 11;

    /** An event needs a value in each of these columns; the others may be null. */
    private static final Set<Integer> NEVER_NULL = Set.of(ID, AGGREGATE_TYPE, AGGREGATE_ID, EVENT_TYPE, CREATED_AT);

    private static final long YEAR_10000_SECONDS = 253_402_300_800L;

    private static final String[] NONE = new String[0];
    private static final int ABSENT = -1;

    private final OutboxConfig outbox;
    /** Column names by the numbers above; null where the table lacks the column. */
    private final List<@Nullable String> layout;

    private final Lsn shapeCompleteAt;
    private String[] knownNames = NONE;
    private final int[] places;

    public OutboxRow(OutboxConfig outbox, Lsn shapeCompleteAt) {
        this.outbox = outbox;
        this.layout = layout(outbox);
        this.places = new int[layout.size()];
        this.shapeCompleteAt = shapeCompleteAt;
    }

    private static List<@Nullable String> layout(OutboxConfig outbox) {
        ColumnsConfig columns = outbox.columns();
        List<@Nullable String> layout = new ArrayList<>(Arrays.asList(
                columns.id(),
                columns.aggregateType(),
                columns.aggregateId(),
                columns.eventType(),
                columns.payload(),
                outbox.isOwn() ? "payload_binary" : null,
                columns.contentType(),
                columns.headers(),
                columns.traceparent(),
                columns.tracestate(),
                columns.createdAt()));
        layout.addAll(outbox.additionalHeaders().values());
        return layout;
    }

    /** The columns that rows are read from. */
    static List<String> columnsOf(OutboxConfig outbox) {
        return layout(outbox).stream().filter(Objects::nonNull).toList();
    }

    /** @throws OutboxShapeChanged when a required column is missing */
    public CapturedEvent read(ReplicationMessage insert, io.debezium.connector.postgresql.connection.Lsn changeLsn) {
        List<ReplicationMessage.Column> columns = insert.getNewTupleList();
        if (!hasKnownShape(columns)) {
            learn(columns, new Lsn(changeLsn.asLong()));
        }
        if (!outbox.isOwn()) {
            return readExisting(columns, insert.getCommitTime());
        }
        return new CapturedEvent(
                required(columns, ID),
                required(columns, AGGREGATE_TYPE),
                required(columns, AGGREGATE_ID),
                required(columns, EVENT_TYPE),
                payload(columns),
                text(columns, CONTENT_TYPE),
                text(columns, HEADERS),
                text(columns, TRACEPARENT),
                text(columns, TRACESTATE),
                time(value(columns, CREATED_AT)).toEpochMilli());
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
        knownNames = NONE; // look the columns up again for the next row, unless this one has them all
        boolean hasAll = true;
        for (int i = 0; i < places.length; i++) {
            String column = layout.get(i);
            places[i] = column == null ? ABSENT : Arrays.asList(names).indexOf(column);
            if (column != null && places[i] == ABSENT) {
                requireMended(i, Arrays.asList(names), changeLsn);
                hasAll = false;
            }
        }
        if (hasAll) {
            knownNames = names;
        }
    }

    /**
     * The WAL keeps a row in the shape that the table had at the write, even if the column has been added again since.
     * Such a row never had a value in that column, so null is published, as the table shows it. Rejected when the row
     * has a column that is not ours: that may be our column, renamed, with the value in it.
     */
    private void requireMended(int column, List<String> names, Lsn changeLsn) {
        if (!shapeCompleteAt.isAfter(changeLsn)) {
            throw new OutboxShapeChanged(outbox.table() + " has no column " + layout.get(column)
                    + " any more; add it again, " + (outbox.isOwn() ? "as the migration V2__table.sql has it, " : "")
                    + "or give it its name back");
        }
        if (NEVER_NULL.contains(column) || !columnsOf(outbox).containsAll(names)) {
            throw new OutboxShapeChanged(outbox.table() + " has its column " + layout.get(column)
                    + " again, but the row written at " + changeLsn + " is in the WAL without it, with the columns "
                    + String.join(", ", names));
        }
    }

    /**
     * None of our constraints protects such a table: a row that is not a valid event becomes an event with a defect.
     */
    private CapturedEvent readExisting(List<ReplicationMessage.Column> columns, Instant commitTime) {
        String headers = text(columns, HEADERS);
        String wrongHeaders = headers == null ? null : OwnHeaders.whyNot(headers);
        Object given = value(columns, CREATED_AT);
        Instant time = given == null ? commitTime : time(given);
        boolean isInTime = time.getEpochSecond() >= 0 && time.getEpochSecond() < YEAR_10000_SECONDS;
        String defect = missing(columns);
        if (defect == null && wrongHeaders != null) {
            defect = "has a value in column " + layout.get(HEADERS) + " whose headers " + wrongHeaders;
        }
        if (defect == null && !isInTime) {
            defect = "has a value in column " + layout.get(CREATED_AT) + " that is not between 1970 and 9999";
        }
        return new CapturedEvent(
                orEmpty(text(columns, ID)),
                orEmpty(text(columns, AGGREGATE_TYPE)),
                orEmpty(text(columns, AGGREGATE_ID)),
                orEmpty(text(columns, EVENT_TYPE)),
                payload(columns),
                text(columns, CONTENT_TYPE),
                withAdditional(columns, wrongHeaders == null ? headers : null),
                text(columns, TRACEPARENT),
                text(columns, TRACESTATE),
                (isInTime ? time : commitTime).toEpochMilli(),
                defect);
    }

    private @Nullable String missing(List<ReplicationMessage.Column> columns) {
        for (int column = ID; column <= EVENT_TYPE; column++) {
            if (orEmpty(text(columns, column)).isEmpty()) {
                return "has no value in column " + layout.get(column);
            }
        }
        return null;
    }

    /** Joins the row's own headers, first, with those from the additional columns. */
    private @Nullable String withAdditional(List<ReplicationMessage.Column> columns, @Nullable String headers) {
        if (outbox.additionalHeaders().isEmpty()) {
            return headers;
        }
        Map<String, String> additional = new LinkedHashMap<>();
        int column = ADDITIONAL;
        for (String name : outbox.additionalHeaders().keySet()) {
            String value = text(columns, column++);
            if (value != null) {
                additional.put(name, value);
            }
        }
        return OwnHeaders.join(headers, additional);
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    private byte @Nullable [] payload(List<ReplicationMessage.Column> columns) {
        byte[] text = bytes(columns, PAYLOAD);
        return text != null ? text : bytes(columns, PAYLOAD_BINARY);
    }

    /** The column's value as bytes, whether the column is text or bytea. */
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
        throw new OutboxShapeChanged(outbox.table() + "." + layout.get(column)
                + " is of a type that is neither text nor bytes; " + remedy());
    }

    private String required(List<ReplicationMessage.Column> columns, int column) {
        String text = text(columns, column);
        if (text == null) {
            throw new OutboxShapeChanged(outbox.table() + "." + layout.get(column)
                    + " is null; the column must be NOT NULL, as the migration V2__table.sql has it");
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

    private Instant time(@Nullable Object createdAt) {
        if (createdAt instanceof OffsetDateTime time) {
            return time.toInstant();
        }
        if (createdAt instanceof LocalDateTime time) {
            return time.toInstant(ZoneOffset.UTC);
        }
        if (createdAt instanceof Instant time && !outbox.isOwn()) { // a timestamp without time zone
            return time;
        }
        throw new OutboxShapeChanged(outbox.table() + "." + layout.get(CREATED_AT)
                + " is not a timestamp with time zone; " + (outbox.isOwn() ? "make it one again" : remedy()));
    }

    private String remedy() {
        return outbox.isOwn()
                ? "make it again what the migration V2__table.sql has"
                : "make it again what it was, or name another column under outbox.columns";
    }

    private static BaseConnection noConnection() {
        throw new IllegalStateException("no column of the outbox needs a look-up in the database");
    }
}
