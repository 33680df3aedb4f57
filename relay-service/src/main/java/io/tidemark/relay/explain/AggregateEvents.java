// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.explain;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceNotReady;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The last events of one aggregate, as far as {@code outbox.event} still has them. The table has no index on aggregates,
 * because writers would pay for it. So a search reads one partition after the other, newest first, for at most two
 * seconds in all.
 */
public final class AggregateEvents {

    private static final int MOST = 50;
    private static final long LIMIT_MILLIS = 2_000;
    private static final String QUERY_CANCELED = "57014";
    /** Bounds of all partitions. The rows between and around them are in the default partition. */
    private static final String BOUNDS = "select bound::text from (select lower_bound as bound from outbox.partitions()"
            + " union select upper_bound from outbox.partitions()) as bounds where isfinite(bound) order by bound desc";
    /** Through the table, because the relay has no right on its partitions; the bounds let Postgres skip the others. */
    private static final String ROWS = "select id, event_type, created_at, headers::text from outbox.event"
            + " where aggregate_type = ? and aggregate_id = ? and created_at >= cast(? as timestamptz)"
            + " and created_at < cast(? as timestamptz) order by created_at desc limit " + MOST;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final OutboxConfig outbox;
    private final SourceDatabase database;

    public AggregateEvents(OutboxConfig outbox, SourceDatabase database) {
        this.outbox = outbox;
        this.database = database;
    }

    /** An event's row, without its payload. */
    public record Row(UUID id, String eventType, Instant createdAt, Map<String, String> headers) {}

    /**
     * The result.
     *
     * @param rows newest first
     * @param isComplete whether every newer row is among them, and every older one unless there are fifty
     * @param note why it is not complete; empty if it is
     */
    public record Found(List<Row> rows, boolean isComplete, String note) {}

    /** Blocks for about two seconds at most, unless the server does not answer. */
    public Found last(String aggregateType, String aggregateId) throws SourceNotReady, SQLException {
        if (!outbox.isOwn()) {
            return new Found(List.of(), false, "only outbox.event is searched, and outbox.table is " + outbox.table());
        }
        List<Row> rows = new ArrayList<>();
        String before = "infinity";
        try (Connection connection = database.connect("console")) {
            connection.setReadOnly(true);
            long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LIMIT_MILLIS);
            limitTo(deadline, connection);
            for (String from : bounds(connection)) {
                limitTo(deadline, connection);
                read(connection, from, before, aggregateType, aggregateId, rows);
                if (rows.size() >= MOST) {
                    break;
                }
                before = from;
            }
            return new Found(rows.stream().limit(MOST).toList(), true, "");
        } catch (SQLException e) {
            if (QUERY_CANCELED.equals(e.getSQLState())) {
                return new Found(
                        rows,
                        false,
                        "the search ended after 2 s; rows written before " + before + " were not searched");
            }
            throw e;
        }
    }

    /** The server cancels each later statement once the time is over, also while it waits for a lock. */
    private static void limitTo(long deadlineNanos, Connection connection) throws SQLException {
        long left = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
        try (Statement limit = connection.createStatement()) {
            limit.execute("set statement_timeout = " + Math.max(1, left)); // 0 would be no limit
        }
    }

    private static List<String> bounds(Connection connection) throws SQLException {
        List<String> bounds = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(BOUNDS)) {
            while (row.next()) {
                bounds.add(row.getString(1));
            }
        }
        bounds.add("-infinity");
        return bounds;
    }

    private static void read(Connection connection, String from, String before, String type, String id, List<Row> rows)
            throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(ROWS)) {
            select.setString(1, type);
            select.setString(2, id);
            select.setString(3, from);
            select.setString(4, before);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    rows.add(new Row(
                            row.getObject(1, UUID.class),
                            row.getString(2),
                            row.getTimestamp(3).toInstant(),
                            headers(row.getString(4))));
                }
            }
        }
    }

    private static Map<String, String> headers(@Nullable String json) {
        Map<String, String> headers = new LinkedHashMap<>();
        try {
            JsonNode parsed = json == null ? JSON.createObjectNode() : JSON.readTree(json);
            parsed.properties()
                    .forEach(entry ->
                            headers.put(entry.getKey(), entry.getValue().asText()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("Postgres returns valid JSON", e);
        }
        return headers;
    }
}
