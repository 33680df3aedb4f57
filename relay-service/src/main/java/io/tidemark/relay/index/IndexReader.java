// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.config.KafkaConfig;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the entries of one source from {@code tidemark.index}: first the last of the existing ones, then new ones. One
 * thread.
 */
public final class IndexReader implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(IndexReader.class);

    /** Maximum number of old entries to read: enough for minutes of precision, and read in about a second. */
    private static final long MOST_OLD_ENTRIES = 50_000;

    private static final int MOST_AT_ONCE = 500;

    private static final TopicPartition PARTITION = new TopicPartition(OwnTopics.INDEX, 0);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final String sourceId;
    private final long end;
    private final Metric answers;
    private double answersSeen;
    private boolean caughtUp;
    private boolean hasMore;

    /**
     * Reads where the topic begins and ends now. If the topic does not exist, waits for it up to the timeout of Kafka's
     * client.
     */
    public IndexReader(KafkaConfig kafka, String sourceId) {
        Map<String, Object> properties = kafka.client("tidemark-index-reader", Map.of());
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest"); // entries may expire while being read
        properties.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 10_000);
        properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, MOST_AT_ONCE);
        this.consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        this.sourceId = sourceId;
        this.answers = consumer.metrics().values().stream()
                .filter(metric -> metric.metricName().name().equals("response-total"))
                .filter(metric -> metric.metricName().group().equals("consumer-metrics"))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("the Kafka consumer counts no responses"));
        consumer.assign(Set.of(PARTITION));
        try {
            end = consumer.endOffsets(Set.of(PARTITION)).getOrDefault(PARTITION, 0L);
            long begin = consumer.beginningOffsets(Set.of(PARTITION)).getOrDefault(PARTITION, 0L);
            consumer.seek(PARTITION, Math.max(begin, end - MOST_OLD_ENTRIES));
        } catch (RuntimeException e) {
            consumer.close();
            throw e;
        }
    }

    /**
     * The next entries, in order; none when the time is over. A record that is not an entry counts as a missing entry.
     */
    public List<IndexEntry> poll(Duration timeout) {
        List<IndexEntry> entries = new ArrayList<>();
        ConsumerRecords<byte[], byte[]> records = consumer.poll(timeout);
        hasMore = records.count() == MOST_AT_ONCE;
        for (ConsumerRecord<byte[], byte[]> record : records) {
            if (record.key() != null && sourceId.equals(new String(record.key(), StandardCharsets.UTF_8))) {
                parse(record).ifPresent(entries::add);
            }
        }
        return entries;
    }

    /** Whether the last poll left entries, as far as can be known without another one. */
    public boolean hasMore() {
        return hasMore;
    }

    private static Optional<IndexEntry> parse(ConsumerRecord<byte[], byte[]> record) {
        try {
            return record.value() == null ? Optional.empty() : Optional.of(IndexEntry.fromJson(record.value()));
        } catch (IllegalArgumentException e) {
            LOG.warn("event=index-entry-unreadable offset={} error=\"{}\"", record.offset(), e.getMessage());
            return Optional.empty();
        }
    }

    /**
     * Whether a broker has answered since the last call. A broker answers twice a second even without entries
     * ({@code fetch.max.wait.ms}).
     */
    public boolean hasHeard() {
        double now = ((Number) answers.metricValue()).doubleValue();
        boolean heard = now != answersSeen;
        answersSeen = now;
        return heard;
    }

    /**
     * Whether everything that existed when the reader was made has been read. Once true, stays true, even if the topic
     * is made again.
     */
    public boolean isCaughtUp() {
        caughtUp = caughtUp || consumer.position(PARTITION) >= end;
        return caughtUp;
    }

    /** Works also in an interrupted thread, where closing Kafka's consumer would otherwise throw. */
    @Override
    public void close() {
        boolean interrupted = Thread.interrupted();
        consumer.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
