// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.ObjLongConsumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;

/**
 * The consumer group of the projection {@code view}, as a user would write it: process, then commit. Records when each
 * event was processed. Some partitions are slower than others, at random.
 */
public final class GroupConsumer implements AutoCloseable {

    private final TestSource source;
    private final int maxPauseMillis;
    private final Map<String, Long> processedNanos = new ConcurrentHashMap<>();
    private final Thread thread = new Thread(this::consume, "group-consumer");
    private volatile boolean closing;

    private GroupConsumer(TestSource source, int maxPauseMillis) {
        this.source = source;
        this.maxPauseMillis = maxPauseMillis;
    }

    /** @param maxPauseMillis maximum time for a batch before the commit */
    public static GroupConsumer start(TestSource source, int maxPauseMillis) {
        GroupConsumer consumer = new GroupConsumer(source, maxPauseMillis);
        consumer.thread.start();
        return consumer;
    }

    private void consume() {
        try {
            consume(
                    source.servers().bootstrapServers(),
                    groupOf(source),
                    source.topic("order"),
                    maxPauseMillis,
                    processedNanos::putIfAbsent,
                    () -> closing);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    static String groupOf(TestSource source) {
        return source.name() + "-view";
    }

    /**
     * Processes and commits until it is stopped.
     *
     * @param processed receives the id of each consumed event, and the time, before its offset is committed
     */
    static void consume(
            String bootstrapServers,
            String group,
            String topic,
            int maxPauseMillis,
            ObjLongConsumer<String> processed,
            BooleanSupplier closing)
            throws InterruptedException {
        Random random = new Random(1);
        Map<String, Object> config = Map.of(
                ConsumerConfig.GROUP_ID_CONFIG, group,
                ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 6000, // a killed member is removed after this time
                ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 1000,
                ConsumerConfig.METADATA_MAX_AGE_CONFIG, 500,
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 50,
                ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, 4096);
        try (KafkaConsumer<byte[], byte[]> consumer = TopicReader.consumer(bootstrapServers, config)) {
            consumer.subscribe(List.of(topic));
            while (!closing.getAsBoolean()) {
                Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
                List<String> ids = new ArrayList<>();
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(50))) {
                    offsets.put(
                            new TopicPartition(record.topic(), record.partition()),
                            new OffsetAndMetadata(record.offset() + 1)); // of the record, not the end of the log
                    ids.add(ReadEvent.of(record).id());
                }
                if (!offsets.isEmpty()) {
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(maxPauseMillis + 1));
                    long now = System.nanoTime();
                    ids.forEach(id -> processed.accept(id, now));
                    commit(consumer, offsets);
                }
            }
        }
    }

    /** An event whose commit fails is consumed again, and is already known then. */
    private static void commit(KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, OffsetAndMetadata> offsets) {
        try {
            consumer.commitSync(offsets);
        } catch (CommitFailedException | RetriableException e) {
            System.out.println("GroupConsumer: not committed: " + e.getMessage());
        } catch (KafkaException e) {
            if (!String.valueOf(e.getMessage())
                    .contains("The group id does not exist")) { // the client has no type for it
                throw e;
            }
            System.out.println("GroupConsumer: not committed, it joins again: " + e.getMessage());
        }
    }

    /** Waits until it has partitions, and Kafka reports the group as stable. */
    public void awaitAssigned() throws Exception {
        try (Admin admin =
                Admin.create(Map.of("bootstrap.servers", source.servers().bootstrapServers()))) {
            String group = groupOf(source);
            await("assignment of " + group)
                    .ignoreExceptionsInstanceOf(ExecutionException.class) // Kafka does not know the group yet
                    .until(() ->
                            admin
                                    .describeConsumerGroups(List.of(group))
                                    .all()
                                    .get(30, TimeUnit.SECONDS)
                                    .values()
                                    .stream()
                                    .anyMatch(now -> now.groupState() == GroupState.STABLE
                                            && now.members().stream().anyMatch(GroupConsumer::hasPartitions)));
        }
    }

    private static boolean hasPartitions(MemberDescription member) {
        return !member.assignment().topicPartitions().isEmpty();
    }

    /** When each event was first processed, by {@link System#nanoTime}. */
    public Map<String, Long> processedNanos() {
        return Map.copyOf(processedNanos);
    }

    public int processed() {
        return processedNanos.size();
    }

    @Override
    public void close() throws InterruptedException {
        closing = true;
        thread.join();
    }
}
