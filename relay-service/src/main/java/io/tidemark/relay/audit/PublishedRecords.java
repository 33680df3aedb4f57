// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.audit;

import io.tidemark.outbox.EventHeaders;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.account.IdHash;
import io.tidemark.relay.config.KafkaConfig;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/**
 * The committed records of one source from a day on: events and dead letters. A record's timestamp is its row's
 * {@code created_at}, so no record of those rows lies before the first one with such a recent timestamp. One thread.
 */
final class PublishedRecords {

    private static final Duration POLL = Duration.ofMillis(200);
    /** Timeout without any record. Longer than the transaction timeout of a relay that was killed. */
    private static final Duration TIMEOUT = Duration.ofSeconds(90);
    /** Allowance for topics whose timestamps come from the broker, whose clock differs from Postgres'. */
    private static final Duration CLOCKS = Duration.ofHours(1);

    private static final byte[] NO_KEY = {};

    private final KafkaConfig kafka;
    private final String sourceId;
    private final Set<String> topics;
    private final long fromMillis;
    private final IdHash hash = new IdHash();
    private final ContentHash content = new ContentHash();

    PublishedRecords(KafkaConfig kafka, String sourceId, Set<String> topics, LocalDate since) {
        this.kafka = kafka;
        this.sourceId = sourceId;
        this.topics = topics;
        this.fromMillis = Math.max(
                0, since.atStartOfDay(ZoneOffset.UTC).toInstant().minus(CLOCKS).toEpochMilli());
    }

    /**
     * Passes all of them to the set.
     *
     * @return whether all records that ever existed are still there, as far as can be determined: no topic's log has
     *     lost its beginning
     * @throws org.apache.kafka.common.KafkaException when Kafka does not answer, or a right is missing
     */
    boolean readInto(RowSet rows) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer("read_committed");
                KafkaConsumer<byte[], byte[]> uncommitted = consumer("read_uncommitted")) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (String topic : topics) {
                consumer.partitionsFor(topic)
                        .forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
            }
            Map<TopicPartition, Long> begins = consumer.beginningOffsets(partitions);
            Map<TopicPartition, Long> ends = uncommitted.endOffsets(partitions);
            seek(consumer, partitions);
            long deadline = System.nanoTime() + TIMEOUT.toNanos();
            while (partitions.stream()
                    .anyMatch(partition -> consumer.position(partition) < ends.getOrDefault(partition, 0L))) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    note(record, rows);
                    deadline = System.nanoTime() + TIMEOUT.toNanos();
                }
                if (System.nanoTime() > deadline) {
                    throw new TimeoutException("topics " + topics + " could not be read to their ends within "
                            + TIMEOUT.toSeconds() + " s (an open transaction, or a slow broker); try again");
                }
            }
            return begins.values().stream().allMatch(begin -> begin == 0);
        }
    }

    private void seek(KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions) {
        consumer.assign(partitions);
        Map<TopicPartition, Long> times = new HashMap<>();
        partitions.forEach(partition -> times.put(partition, fromMillis));
        Map<TopicPartition, @Nullable OffsetAndTimestamp> starts = consumer.offsetsForTimes(times);
        for (TopicPartition partition : partitions) {
            OffsetAndTimestamp start = starts.get(partition);
            if (partition.topic().equals(OwnTopics.DEAD_LETTERS)) { // a removal has another time
                consumer.seekToBeginning(List.of(partition));
            } else if (start == null) { // no record there is so recent
                consumer.seekToEnd(List.of(partition));
            } else {
                consumer.seek(partition, start.offset());
            }
        }
    }

    private void note(ConsumerRecord<byte[], byte[]> record, RowSet rows) {
        boolean isDeadLetter = record.topic().equals(OwnTopics.DEAD_LETTERS);
        if (isDeadLetter && record.value() == null) {
            if (record.key() != null) {
                noteRemoved(record, rows);
            }
            return;
        }
        String id = header(record, EventHeaders.ID);
        id = id == null ? header(record, "ce_id") : id;
        if (id == null || !sourceId.equals(header(record, EventHeaders.SOURCE))) {
            return;
        }
        hash.of(id);
        if (isDeadLetter) {
            rows.saw(hash.high(), hash.low(), 0, false, false);
            return;
        }
        boolean isAgain = header(record, EventHeaders.REPLAYED) != null || header(record, EventHeaders.RETRIED) != null;
        rows.saw(
                hash.high(),
                hash.low(),
                content.of(record.key() == null ? NO_KEY : record.key(), record.value()),
                true,
                !isAgain);
    }

    /** A dead letter that was retried or discarded: its key still names its event. */
    private void noteRemoved(ConsumerRecord<byte[], byte[]> record, RowSet rows) {
        String[] key = new String(record.key(), StandardCharsets.UTF_8).split("/", 3);
        if (key.length == 3 && key[0].equals(sourceId)) {
            hash.of(key[1]);
            rows.saw(hash.high(), hash.low(), 0, false, false);
        }
    }

    private static @Nullable String header(ConsumerRecord<byte[], byte[]> record, String name) {
        Header header = record.headers().lastHeader(name);
        return header == null || header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8);
    }

    private KafkaConsumer<byte[], byte[]> consumer(String isolation) {
        Map<String, Object> properties = kafka.client("tidemark-audit-" + isolation, Map.of());
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation);
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest"); // records may expire while being read
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
}
