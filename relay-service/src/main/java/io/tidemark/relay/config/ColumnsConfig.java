// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which columns of a table hold which value, by their names in the catalog. The table need not have the columns that
 * may be null.
 *
 * @param headers the event's own headers, as an object of strings
 * @param createdAt becomes the record's timestamp; without it, the record has the time of the commit
 */
public record ColumnsConfig(
        @Nullable String id,
        @Nullable String aggregateType,
        @Nullable String aggregateId,
        @Nullable String eventType,
        @Nullable String payload,
        @Nullable String contentType,
        @Nullable String headers,
        @Nullable String traceparent,
        @Nullable String tracestate,
        @Nullable String createdAt) {

    static final ColumnsConfig NONE = new ColumnsConfig(null, null, null, null, null, null, null, null, null, null);

    /** The columns of the migration V2__table.sql, without payload_binary, which only that table has. */
    static final ColumnsConfig TIDEMARK = new ColumnsConfig(
            "id",
            "aggregate_type",
            "aggregate_id",
            "event_type",
            "payload",
            "content_type",
            "headers",
            "traceparent",
            "tracestate",
            "created_at");

    /** The default columns of Debezium's outbox event router. */
    static final ColumnsConfig DEBEZIUM =
            new ColumnsConfig("id", "aggregatetype", "aggregateid", "type", "payload", null, null, null, null, null);

    @JsonCreator
    public ColumnsConfig {}

    /** These columns, with those of {@code base} where one is missing. */
    ColumnsConfig over(ColumnsConfig base) {
        return new ColumnsConfig(
                first(id, base.id),
                first(aggregateType, base.aggregateType),
                first(aggregateId, base.aggregateId),
                first(eventType, base.eventType),
                first(payload, base.payload),
                first(contentType, base.contentType),
                first(headers, base.headers),
                first(traceparent, base.traceparent),
                first(tracestate, base.tracestate),
                first(createdAt, base.createdAt));
    }

    private static @Nullable String first(@Nullable String ours, @Nullable String base) {
        return ours == null ? base : ours;
    }

    /** The keys of this block with the columns they name, in order; without keys that name no column. */
    public Map<String, String> byKey() {
        Map<String, String> named = new LinkedHashMap<>();
        put(named, "id", id);
        put(named, "aggregateType", aggregateType);
        put(named, "aggregateId", aggregateId);
        put(named, "eventType", eventType);
        put(named, "payload", payload);
        put(named, "contentType", contentType);
        put(named, "headers", headers);
        put(named, "traceparent", traceparent);
        put(named, "tracestate", tracestate);
        put(named, "createdAt", createdAt);
        return named;
    }

    private static void put(Map<String, String> named, String key, @Nullable String column) {
        if (column != null) {
            named.put(key, column);
        }
    }
}
