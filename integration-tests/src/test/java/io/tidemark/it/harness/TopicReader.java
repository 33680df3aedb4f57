// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads topics like an ordinary consumer: {@code read_committed}, from the beginning. */
public final class TopicReader {

    private TopicReader() {}

    public static KafkaConsumer<byte[], byte[]> consumer(Servers servers, Map<String, Object> more) {
        return consumer(servers.bootstrapServers(), more);
    }

    static KafkaConsumer<byte[], byte[]> consumer(String bootstrapServers, Map<String, Object> more) {
        Map<String, Object> properties = new HashMap<>();
        properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(
                ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false); // the relay creates them with their first event
        properties.putAll(more);
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** All readable records of the topics with this prefix, partition by partition in offset order. */
    public static List<ReadEvent> readAll(Servers servers, String topicPrefix) {
        return readUntil(servers, topicPrefix, events -> true);
    }

    /**
     * Reads up to the end repeatedly until {@code enough} holds, or until nothing new arrives within the tests'
     * timeout.
     */
    public static List<ReadEvent> readUntil(Servers servers, String topicPrefix, Predicate<List<ReadEvent>> enough) {
        List<ReadEvent> events = new ArrayList<>();
        long deadline = System.nanoTime() + Patience.LIMIT.toNanos();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(servers, Map.of())) {
            Map<TopicPartition, Long> seen = new HashMap<>();
            do {
                List<TopicPartition> partitions = consumer.listTopics().entrySet().stream()
                        .filter(topic -> topic.getKey().startsWith(topicPrefix))
                        .flatMap(topic -> topic.getValue().stream())
                        .map(info -> new TopicPartition(info.topic(), info.partition()))
                        .toList();
                consumer.assign(partitions);
                partitions.forEach(partition -> consumer.seek(partition, seen.getOrDefault(partition, 0L)));
                Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
                while (partitions.stream()
                        .anyMatch(partition -> consumer.position(partition) < ends.getOrDefault(partition, 0L))) {
                    int before = events.size();
                    consumer.poll(Duration.ofMillis(100)).forEach(record -> events.add(ReadEvent.of(record)));
                    if (events.size() > before) {
                        deadline = System.nanoTime() + Patience.LIMIT.toNanos();
                    }
                    if (System.nanoTime() > deadline) {
                        return sorted(events);
                    }
                }
                partitions.forEach(partition -> seen.put(partition, consumer.position(partition)));
            } while (!enough.test(events) && System.nanoTime() < deadline);
        }
        return sorted(events);
    }

    private static List<ReadEvent> sorted(List<ReadEvent> events) {
        events.sort(Comparator.comparing(ReadEvent::topic)
                .thenComparingInt(ReadEvent::partition)
                .thenComparingLong(ReadEvent::offset));
        return events;
    }
}
