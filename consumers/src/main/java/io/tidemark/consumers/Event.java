// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.tidemark.outbox.EventHeaders;
import io.tidemark.outbox.Position;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/**
 * A consumed event. Decodes fields on access. Safe on any thread unless a caller modifies the array of {@link #bytes}.
 */
public final class Event {

    /** Decimals keep every digit, including trailing zeros. A double would lose digits of an amount of money. */
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private static final byte[] NOTHING = {};

    private final ConsumerRecord<byte[], byte[]> record;

    private Event(ConsumerRecord<byte[], byte[]> record) {
        this.record = record;
    }

    /** Wraps a record of any consumer that reads Tidemark's topics. */
    public static Event of(ConsumerRecord<byte[], byte[]> record) {
        return new Event(record);
    }

    /**
     * The event's id, the same wherever the event appears.
     *
     * @throws IllegalArgumentException when the record has no id that is a UUID
     */
    public UUID id() {
        return UUID.fromString(required(EventHeaders.ID, "ce_id"));
    }

    /**
     * The event's type, for example {@code OrderPlaced}.
     *
     * @throws IllegalArgumentException when the record has no header with the type
     */
    public String type() {
        return required(EventHeaders.TYPE, "ce_type");
    }

    /** The aggregate's id; empty when the record has no key. */
    public String key() {
        return record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
    }

    /**
     * The event's place in the order of its source; empty when the relay does not write that header.
     *
     * @throws IllegalArgumentException when the header is not a position
     */
    public Optional<Position> position() {
        return header(EventHeaders.POSITION).map(Position::parse);
    }

    /** When the row of the event was written, in milliseconds. */
    public Instant timestamp() {
        return Instant.ofEpochMilli(record.timestamp());
    }

    /** A header as text, the last one when several have the name; empty when there is none. */
    public Optional<String> header(String name) {
        Header header = record.headers().lastHeader(name);
        return header == null || header.value() == null
                ? Optional.empty()
                : Optional.of(new String(header.value(), StandardCharsets.UTF_8));
    }

    /** All headers as text, Tidemark's own included. */
    public Map<String, String> headers() {
        Map<String, String> headers = new LinkedHashMap<>();
        for (Header header : record.headers()) {
            headers.put(header.key(), header.value() == null ? "" : new String(header.value(), StandardCharsets.UTF_8));
        }
        return headers;
    }

    /** Whether the event has no payload, which by Kafka's convention means that the aggregate was deleted. */
    public boolean isTombstone() {
        return record.value() == null;
    }

    /** The payload as it was written, not a copy; empty for a tombstone. */
    public byte[] bytes() {
        return record.value() == null ? NOTHING : record.value();
    }

    /** The payload as UTF-8; empty for a tombstone. */
    public String text() {
        return new String(bytes(), StandardCharsets.UTF_8);
    }

    /**
     * The payload as JSON; a missing node for a tombstone. Decimals are {@code BigDecimal} with the digits of the payload:
     * {@code 12.50} stays {@code 12.50}.
     *
     * @throws IOException when it is not JSON
     */
    public JsonNode json() throws IOException {
        return JSON.readTree(bytes());
    }

    /**
     * The payload as JSON, bound by Jackson with its defaults, except that decimals in fields of type {@code JsonNode},
     * {@code Object}, {@code Map} or {@code BigDecimal} keep the digits of the payload.
     *
     * @throws IOException when it is not JSON, or not of that shape
     */
    public <T> T json(Class<T> type) throws IOException {
        return JSON.readValue(bytes(), type);
    }

    public String topic() {
        return record.topic();
    }

    public int partition() {
        return record.partition();
    }

    public long offset() {
        return record.offset();
    }

    /** The record as it was consumed. */
    public ConsumerRecord<byte[], byte[]> record() {
        return record;
    }

    private String required(String name, String cloudEventsName) {
        return header(name)
                .or(() -> header(cloudEventsName))
                .orElseThrow(() -> new IllegalArgumentException("no header '" + name + "' or '" + cloudEventsName
                        + "' on " + this + "; check that a Tidemark relay writes the topic"));
    }

    /** Topic, partition and offset; never the payload. */
    @Override
    public String toString() {
        return topic() + "-" + partition() + "@" + offset();
    }
}
