package io.tidemark.relay.capture;

import org.jspecify.annotations.Nullable;

/**
 * A row of the outbox as it was inserted; not known to be committed until its {@link Change.Commit} follows.
 *
 * @param id a UUID in text
 * @param payload the bytes to publish; null for a tombstone
 * @param headers the event's own headers, a flat JSON object of strings, as text
 * @param createdAtMillis milliseconds since 1970, the record's timestamp
 */
@SuppressWarnings("ArrayRecordComponent") // payload bytes on their way through; never compared
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
        long createdAtMillis)
        implements Change {

    private static final int OBJECTS = 400;

    @Override
    public int approximateBytes() {
        int text = length(aggregateId) + length(eventType) + length(headers) + length(traceparent) + length(tracestate);
        return OBJECTS + 2 * text + (payload == null ? 0 : payload.length);
    }

    private static int length(@Nullable String text) {
        return text == null ? 0 : text.length();
    }
}
