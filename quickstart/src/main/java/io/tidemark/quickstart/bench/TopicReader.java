// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.bench;

import io.tidemark.quickstart.stack.StackException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;

/** Reads the topic from its beginning to its end, {@code read_committed}, on its own thread, and reports when. */
final class TopicReader implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration FINISH_TIMEOUT = Duration.ofMinutes(1);

    private final String bootstrapServers;
    private final Tally tally;
    private final Thread thread = new Thread(this::run, "topic-reader");
    private volatile Listener listener = (number, nanos) -> {};
    private final AtomicLong count = new AtomicLong();
    private volatile boolean finishing;
    private volatile boolean closing;
    private volatile String problem = "";

    /** Receives every event that is read for the first time, on the reader's thread. */
    interface Listener {
        /** @param nanos when the poll with the event returned, by {@link System#nanoTime} */
        void read(int number, long nanos);
    }

    private TopicReader(String bootstrapServers, Tally tally) {
        this.bootstrapServers = bootstrapServers;
        this.tally = tally;
    }

    /** Starts to read an existing topic. */
    static TopicReader start(String bootstrapServers, Tally tally) {
        TopicReader reader = new TopicReader(bootstrapServers, tally);
        reader.thread.setDaemon(true);
        reader.thread.start();
        return reader;
    }

    private void run() {
        Map<String, Object> config = Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                "read_committed",
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                false);
        try (KafkaConsumer<String, byte[]> consumer =
                new KafkaConsumer<>(config, new StringDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(EventWriter.TOPIC).stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = null;
            while (!closing && !isAt(ends, consumer)) {
                if (finishing && ends == null) {
                    ends = consumer.endOffsets(partitions);
                }
                poll(consumer);
            }
        } catch (RuntimeException e) {
            problem = "the consumer of the bench has failed: " + e;
        }
    }

    private void poll(KafkaConsumer<String, byte[]> consumer) {
        var events = consumer.poll(POLL);
        long nanos = System.nanoTime();
        for (ConsumerRecord<String, byte[]> event : events) {
            int number = EventWriter.numberOf(event.value());
            if (tally.read(number, event.key())) {
                listener.read(number, nanos);
            }
        }
        count.addAndGet(events.count());
    }

    private static boolean isAt(@Nullable Map<TopicPartition, Long> ends, KafkaConsumer<?, ?> consumer) {
        return ends != null
                && ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
    }

    /** Replaces the listener. */
    void tell(Listener listener) {
        this.listener = listener;
    }

    /** Number of records that it has read. */
    long count() {
        return count.get();
    }

    /** Why it has stopped reading; empty while it reads. */
    String problem() {
        return problem;
    }

    /** Returns when everything that was readable at the call is read. */
    void finish() throws InterruptedException {
        finishing = true;
        thread.join(FINISH_TIMEOUT.toMillis());
        if (thread.isAlive()) {
            throw new StackException("the topic was not read to its end within " + FINISH_TIMEOUT.toSeconds() + " s");
        }
        if (!problem.isEmpty()) {
            throw new StackException(problem);
        }
    }

    @Override
    public void close() {
        closing = true;
        try {
            thread.join(TimeUnit.SECONDS.toMillis(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
