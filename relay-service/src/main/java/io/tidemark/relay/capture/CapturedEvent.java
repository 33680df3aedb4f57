// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture;

import org.jspecify.annotations.Nullable;

/**
 * An event as it was written, in a row or a message. It is not known to be committed until its {@link Change.Commit}
 * follows.
 *
 * @param id a UUID in text; in a table that is not ours, any value of its column
 * @param payload the bytes to publish; null for a tombstone
 * @param headers the event's own headers, a flat JSON object of strings, as text
 * @param createdAtMillis milliseconds since 1970, the record's timestamp
 * @param defect why the event cannot be a record of its topic, worded to follow the event's name; null for a valid
 *     event. With a defect, the other fields hold what could be read
 * @param hasRow whether it is a row of the table; an event of {@code outbox.emit()} is in the WAL only
 */
@SuppressWarnings("ArrayRecordComponent") // the payload bytes are only passed on, never compared
public record CapturedEvent(
        String id,
        String aggregateType,
        String aggregateId,
        String eventType,
        byte @Nullable [] payload,
        @Nullable String contentType,
        @Nullable String headers,
        @Nullable String traceparent,
        @Nullable String tracestate,
        long createdAtMillis,
        @Nullable String defect,
        boolean hasRow)
        implements Change {

    private static final int OBJECTS = 400;

    /** A row. */
    public CapturedEvent(
            String id,
            String aggregateType,
            String aggregateId,
            String eventType,
            byte @Nullable [] payload,
            @Nullable String contentType,
            @Nullable String headers,
            @Nullable String traceparent,
            @Nullable String tracestate,
            long createdAtMillis,
            @Nullable String defect) {
        this(
                id,
                aggregateType,
                aggregateId,
                eventType,
                payload,
                contentType,
                headers,
                traceparent,
                tracestate,
                createdAtMillis,
                defect,
                true);
    }

    /** A row without a defect. */
    public CapturedEvent(
            String id,
            String aggregateType,
            String aggregateId,
            String eventType,
            byte @Nullable [] payload,
            @Nullable String contentType,
            @Nullable String headers,
            @Nullable String traceparent,
            @Nullable String tracestate,
            long createdAtMillis) {
        this(
                id,
                aggregateType,
                aggregateId,
                eventType,
                payload,
                contentType,
                headers,
                traceparent,
                tracestate,
                createdAtMillis,
                null);
    }

    /** The same event without its own headers, which cannot be read. */
    public CapturedEvent withoutHeaders(String whyNot) {
        return new CapturedEvent(
                id,
                aggregateType,
                aggregateId,
                eventType,
                payload,
                contentType,
                null,
                traceparent,
                tracestate,
                createdAtMillis,
                whyNot,
                hasRow);
    }

    @Override
    public int approximateBytes() {
        int text = length(aggregateId) + length(eventType) + length(headers) + length(traceparent) + length(tracestate);
        return OBJECTS + 2 * text + (payload == null ? 0 : payload.length);
    }

    private static int length(@Nullable String text) {
        return text == null ? 0 : text.length();
    }
}
