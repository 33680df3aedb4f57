// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.benchmark.peer;

import io.tidemark.it.harness.TestSource;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/** Reads the topics of a source, {@code read_committed}, on its own thread, and counts every event once. */
final class Arrivals implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(100);

    private final TestSource source;
    private final Thread thread = new Thread(this::run, "arrivals");
    private final AtomicLong count = new AtomicLong();
    private final BitSet seen = new BitSet();
    private volatile boolean closing;
    private volatile LongConsumer listener = number -> {};
    private volatile @Nullable RuntimeException failure;

    private Arrivals(TestSource source) {
        this.source = source;
    }

    /** The topics must exist. */
    static Arrivals start(TestSource source) {
        Arrivals arrivals = new Arrivals(source);
        arrivals.thread.setDaemon(true);
        arrivals.thread.start();
        return arrivals;
    }

    private void run() {
        Map<String, Object> config = Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                source.servers().bootstrapServers(),
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                "read_committed",
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                false);
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.listTopics().entrySet().stream()
                    .filter(topic -> topic.getKey().startsWith(source.topic("")))
                    .flatMap(topic -> topic.getValue().stream())
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (!closing) {
                for (ConsumerRecord<byte[], byte[]> event : consumer.poll(POLL)) {
                    long number = OutboxTable.numberOf(event.value());
                    if (!seen.get((int) number)) { // a peer may repeat events
                        seen.set((int) number);
                        listener.accept(number);
                        count.incrementAndGet();
                    }
                }
            }
        } catch (RuntimeException e) {
            failure = e;
        }
    }

    /** Receives the number of each event, on the reader's thread; replaces the last listener. */
    void tell(LongConsumer next) {
        listener = next;
    }

    long count() {
        RuntimeException failed = failure;
        if (failed != null) {
            throw new IllegalStateException("the consumer of the benchmark has failed", failed);
        }
        return count.get();
    }

    @Override
    public void close() throws InterruptedException {
        closing = true;
        thread.join(TimeUnit.SECONDS.toMillis(10));
    }
}
