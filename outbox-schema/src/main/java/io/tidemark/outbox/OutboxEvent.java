// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An event to write to the outbox. The database checks limits at insert, so that they hold for every writer.
 *
 * @param aggregateType the type of the changed aggregate; by default the topic is {@code outbox.<aggregateType>}
 * @param aggregateId the id of the aggregate; becomes the Kafka key, so events with one id stay in order
 * @param eventType the type of the event
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

    /** The payload of an event. */
    public sealed interface Payload {}

    /** Sent as UTF-8. */
    public record Text(String value) implements Payload {}

    /** Sent unchanged. Not copied, so do not modify the array afterwards. */
    @SuppressWarnings("ArrayRecordComponent") // bytes only pass through to the driver; never compared
    public record Bytes(byte[] value) implements Payload {}

    /** A record with a null value; only for routes that allow tombstones. */
    public record Tombstone() implements Payload {}

    public OutboxEvent {
        headers = Map.copyOf(headers);
    }

    /** An event with a text payload and without optional fields. */
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
