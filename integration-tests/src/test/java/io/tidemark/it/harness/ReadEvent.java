// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import io.tidemark.outbox.EventHeaders;
import io.tidemark.outbox.Position;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/** An event as read by a {@code read_committed} consumer. */
@SuppressWarnings("ArrayRecordComponent")
public record ReadEvent(
        String topic,
        int partition,
        long offset,
        long timestampMillis,
        String key,
        byte @Nullable [] value,
        Map<String, String> headers) {

    static ReadEvent of(ConsumerRecord<byte[], byte[]> record) {
        Map<String, String> headers = new LinkedHashMap<>();
        for (Header header : record.headers()) {
            String name = header.key();
            if (headers.put(name, new String(header.value(), StandardCharsets.UTF_8)) != null) {
                throw new AssertionError("header " + name + " twice in " + record);
            }
        }
        return new ReadEvent(
                record.topic(),
                record.partition(),
                record.offset(),
                record.timestamp(),
                new String(record.key(), StandardCharsets.UTF_8),
                record.value(),
                headers);
    }

    public String id() {
        return header(EventHeaders.ID);
    }

    public Position position() {
        return Position.parse(header(EventHeaders.POSITION));
    }

    public String header(String name) {
        String value = headers.get(name);
        if (value == null) {
            throw new AssertionError("no header " + name + " in " + this);
        }
        return value;
    }

    public String text() {
        return value == null ? "" : new String(value, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return topic + "-" + partition + "@" + offset + " key=" + key + " " + headers;
    }
}
