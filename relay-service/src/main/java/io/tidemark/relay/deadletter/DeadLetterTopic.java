// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.deadletter;

import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.route.OutgoingEvent.OutgoingHeader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads the current dead letters: the last committed record of each key, unless it is a tombstone. Reads up to the end
 * of uncommitted records, because an open transaction hides records that others committed after it began.
 */
public final class DeadLetterTopic {

    private static final int ANSWER_MILLIS = 15_000;
    private static final Duration POLL = Duration.ofMillis(100);
    /** Longer than the transaction timeout of a relay that was killed. */
    private static final Duration TIMEOUT = Duration.ofSeconds(90);

    private final KafkaConfig kafka;

    public DeadLetterTopic(KafkaConfig kafka) {
        this.kafka = kafka;
    }

    /** All dead letters, oldest first, without their payloads. */
    public List<DeadLetter> list() throws PublishFailure {
        return read(letter -> true, DeadLetter::withoutPayload);
    }

    /**
     * The same with a time limit.
     *
     * @return empty when they could not be read to their end in time
     */
    public Optional<List<DeadLetter>> list(Duration most) throws PublishFailure {
        return read(letter -> true, DeadLetter::withoutPayload, Optional.of(most));
    }

    /** The dead letters with that event id (usually one), or with that key, including their payloads. */
    public List<DeadLetter> find(String idOrKey) throws PublishFailure {
        return read(letter -> letter.isMeantBy(idOrKey), letter -> letter);
    }

    /**
     * The same with a time limit.
     *
     * @return empty when they could not be read to their end in time
     */
    public Optional<List<DeadLetter>> find(String idOrKey, Duration most) throws PublishFailure {
        return read(letter -> letter.isMeantBy(idOrKey), letter -> letter, Optional.of(most));
    }

    /** The ids of that source's events that are dead letters. */
    public Set<String> idsOf(String sourceId) throws PublishFailure {
        return read(letter -> letter.source().equals(sourceId), DeadLetter::withoutPayload).stream()
                .map(DeadLetter::id)
                .collect(Collectors.toSet());
    }

    private List<DeadLetter> read(Predicate<DeadLetter> wanted, UnaryOperator<DeadLetter> kept) throws PublishFailure {
        return read(wanted, kept, Optional.empty()).orElseThrow();
    }

    /** @param most empty for as long as there is progress */
    private Optional<List<DeadLetter>> read(
            Predicate<DeadLetter> wanted, UnaryOperator<DeadLetter> kept, Optional<Duration> most)
            throws PublishFailure {
        long begunNanos = System.nanoTime();
        try (KafkaConsumer<byte[], byte[]> committed = consumer("read_committed");
                KafkaConsumer<byte[], byte[]> uncommitted = consumer("read_uncommitted")) {
            // the relay makes it with one; a person may have made it with more
            List<TopicPartition> partitions = committed.partitionsFor(OwnTopics.DEAD_LETTERS).stream()
                    .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                    .toList();
            if (partitions.isEmpty()) {
                return Optional.of(List.of());
            }
            Map<TopicPartition, Long> ends = uncommitted.endOffsets(partitions);
            committed.assign(partitions);
            committed.seekToBeginning(partitions);
            Map<String, DeadLetter> open = new LinkedHashMap<>();
            long deadline = System.nanoTime() + TIMEOUT.toNanos();
            while (!isAtEnd(committed, ends)) {
                for (ConsumerRecord<byte[], byte[]> record : committed.poll(POLL)) {
                    note(record, wanted, kept, open);
                    deadline = System.nanoTime() + TIMEOUT.toNanos();
                }
                if (most.filter(limit -> System.nanoTime() - begunNanos > limit.toNanos())
                                .isPresent()
                        && !isAtEnd(committed, ends)) {
                    return Optional.empty();
                }
                if (System.nanoTime() > deadline) {
                    throw new TimeoutException(
                            "topic " + OwnTopics.DEAD_LETTERS + " could not be read to its end within "
                                    + TIMEOUT.toSeconds() + " s (an open transaction, or a slow broker); try again");
                }
            }
            return Optional.of(List.copyOf(open.values()));
        } catch (KafkaException e) {
            throw PublishFailure.of(e);
        }
    }

    private static boolean isAtEnd(KafkaConsumer<?, ?> consumer, Map<TopicPartition, Long> ends) {
        return ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
    }

    private static void note(
            ConsumerRecord<byte[], byte[]> record,
            Predicate<DeadLetter> wanted,
            UnaryOperator<DeadLetter> kept,
            Map<String, DeadLetter> open) {
        if (record.key() == null) { // not written by Tidemark, and cannot be removed
            return;
        }
        String key = new String(record.key(), StandardCharsets.UTF_8);
        open.remove(key);
        byte[] value = record.value();
        if (value == null) {
            return;
        }
        List<OutgoingHeader> headers = new ArrayList<>();
        for (Header header : record.headers()) {
            headers.add(new OutgoingHeader(header.key(), header.value() == null ? new byte[0] : header.value()));
        }
        DeadLetter letter = new DeadLetter(key, record.timestamp(), headers, value.length, null);
        if (wanted.test(letter)) {
            open.put(
                    key,
                    kept.apply(new DeadLetter(
                            key, record.timestamp(), headers, value.length, letter.hasNullPayload() ? null : value)));
        }
    }

    private KafkaConsumer<byte[], byte[]> consumer(String isolation) {
        Map<String, Object> properties = kafka.client(
                "tidemark-dead-letters-" + isolation,
                Map.of(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_MILLIS));
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation);
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        properties.put(
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest"); // records may be compacted while being read
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
}
