package io.tidemark.outbox;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An event to be written to the outbox. Limits are checked by the database at insert, where every writer meets them.
 *
 * @param aggregateType what kind of thing changed; by default the topic is {@code outbox.<aggregateType>}
 * @param aggregateId which one; becomes the Kafka key, so events of one id stay in order
 * @param eventType what happened
 * @param payload text or bytes, or a tombstone
 * @param contentType media type of the payload, or null to send none
 * @param headers the event's own headers; no name may be {@linkplain EventHeaders#isReserved reserved}
 * @param traceparent W3C trace context to pass on, or null
 * @param tracestate W3C trace state to pass on, or null
 */
public record OutboxEvent(
        String aggregateType,
        String aggregateId,
        String eventType,
        Payload payload,
        @Nullable String contentType,
        Map<String, String> headers,
        @Nullable String traceparent,
        @Nullable String tracestate) {

    /** What an event carries. */
    public sealed interface Payload {}

    /** Sent as UTF-8. */
    public record Text(String value) implements Payload {}

    /** Sent as it is; not copied, so not to be changed afterwards. */
    @SuppressWarnings("ArrayRecordComponent") // bytes on their way to the driver; never compared
    public record Bytes(byte[] value) implements Payload {}

    /** A record with a null value; only for routes that allow tombstones. */
    public record Tombstone() implements Payload {}

    public OutboxEvent {
        headers = Map.copyOf(headers);
    }

    /** An event with a text payload and nothing optional. */
    public static OutboxEvent of(String aggregateType, String aggregateId, String eventType, String payload) {
        return new OutboxEvent(aggregateType, aggregateId, eventType, new Text(payload), null, Map.of(), null, null);
    }

    public OutboxEvent withContentType(String mediaType) {
        return new OutboxEvent(
                aggregateType, aggregateId, eventType, payload, mediaType, headers, traceparent, tracestate);
    }

    public OutboxEvent withHeaders(Map<String, String> ownHeaders) {
        return new OutboxEvent(
                aggregateType, aggregateId, eventType, payload, contentType, ownHeaders, traceparent, tracestate);
    }

    public OutboxEvent withTrace(String parent, @Nullable String state) {
        return new OutboxEvent(aggregateType, aggregateId, eventType, payload, contentType, headers, parent, state);
    }
}
