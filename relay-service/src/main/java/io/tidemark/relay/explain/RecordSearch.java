// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.explain;

import io.tidemark.outbox.EventHeaders;
import io.tidemark.outbox.Position;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.explain.EventTrace.Found;
import io.tidemark.relay.route.OutgoingEvent.OutgoingHeader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/**
 * Searches a topic for one event, {@code read_committed}, from the time at which its row was created. A record has the
 * timestamp of its row, so no copy lies before that. Reads up to the end for uncommitted readers, because an open
 * transaction hides records that others committed after it began. One thread, once.
 */
final class RecordSearch {

    private static final int ANSWER_MILLIS = 5_000;
    private static final Duration POLL = Duration.ofMillis(100);
    /** Usually the event is found immediately. The search gives up after this time. */
    private static final Duration TIMEOUT = Duration.ofSeconds(8);
    /** For topics with broker timestamps: the broker's clock can differ from that of Postgres. */
    private static final Duration CLOCKS = Duration.ofSeconds(5);

    private final KafkaConfig kafka;
    private final Duration timeout;

    RecordSearch(KafkaConfig kafka) {
        this(kafka, TIMEOUT);
    }

    RecordSearch(KafkaConfig kafka, Duration timeout) {
        this.kafka = kafka;
        this.timeout = timeout;
    }

    /** @throws org.apache.kafka.common.KafkaException if Kafka does not answer */
    Search find(String topic, UUID id, Instant createdAt) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer("read_committed");
                KafkaConsumer<byte[], byte[]> uncommitted = consumer("read_uncommitted")) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .toList();
            Map<TopicPartition, Long> ends = uncommitted.endOffsets(partitions);
            seek(consumer, partitions, createdAt);
            long deadline = System.nanoTime() + timeout.toNanos();
            while (partitions.stream()
                    .anyMatch(partition -> consumer.position(partition) < ends.getOrDefault(partition, 0L))) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    if (isEvent(record, id)) {
                        return new Search.There(found(record));
                    }
                }
                if (System.nanoTime() > deadline) {
                    return new Search.Incomplete("topic " + topic + " could not be read to its end in time: it holds"
                            + " too much, or a transaction is open in it");
                }
            }
            return new Search.NotThere();
        } catch (TopicAuthorizationException e) {
            return new Search.Incomplete(mayNotRead(topic));
        }
    }

    static String mayNotRead(String topic) {
        return "the relay may not read topic " + topic + "; grant its user Read on it";
    }

    private static void seek(
            KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions, Instant createdAt) {
        consumer.assign(partitions);
        Map<TopicPartition, Long> times = new HashMap<>();
        partitions.forEach(partition ->
                times.put(partition, Math.max(0, createdAt.minus(CLOCKS).toEpochMilli())));
        Map<TopicPartition, @Nullable OffsetAndTimestamp> starts = consumer.offsetsForTimes(times);
        for (TopicPartition partition : partitions) {
            OffsetAndTimestamp start = starts.get(partition);
            if (start == null) { // no record is that recent
                consumer.seekToEnd(List.of(partition));
            } else {
                consumer.seek(partition, start.offset());
            }
        }
    }

    private static boolean isEvent(ConsumerRecord<byte[], byte[]> record, UUID id) {
        String text = id.toString();
        return text.equals(header(record, EventHeaders.ID)) || text.equals(header(record, "ce_id"));
    }

    private static Found found(ConsumerRecord<byte[], byte[]> record) {
        return new Found(
                new TopicPartition(record.topic(), record.partition()),
                record.offset(),
                record.timestamp(),
                Optional.ofNullable(header(record, EventHeaders.POSITION)).map(Position::parse),
                headers(record));
    }

    private static List<OutgoingHeader> headers(ConsumerRecord<byte[], byte[]> record) {
        List<OutgoingHeader> headers = new ArrayList<>();
        for (Header header : record.headers()) {
            headers.add(new OutgoingHeader(header.key(), header.value() == null ? new byte[0] : header.value()));
        }
        return headers;
    }

    private static @Nullable String header(ConsumerRecord<byte[], byte[]> record, String name) {
        Header header = record.headers().lastHeader(name);
        return header == null || header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8);
    }

    private KafkaConsumer<byte[], byte[]> consumer(String isolation) {
        Map<String, Object> properties = kafka.client(
                "tidemark-explain-" + isolation, Map.of(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_MILLIS));
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation);
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest"); // records may expire while being read
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
}
