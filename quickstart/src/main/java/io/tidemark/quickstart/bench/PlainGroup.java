// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.bench;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** An ordinary consumer group: reads, and commits its offsets after every poll. On its own thread. */
final class PlainGroup implements AutoCloseable {

    static final String NAME = "bench-view";

    private static final Duration POLL = Duration.ofMillis(100);

    private final String bootstrapServers;
    private final Thread thread = new Thread(this::run, "plain-group");
    private volatile boolean closing;
    private volatile String problem = "";

    private PlainGroup(String bootstrapServers) {
        this.bootstrapServers = bootstrapServers;
    }

    /** Joins the group and returns immediately. */
    static PlainGroup start(String bootstrapServers) {
        PlainGroup group = new PlainGroup(bootstrapServers);
        group.thread.setDaemon(true);
        group.thread.start();
        return group;
    }

    private void run() {
        Map<String, Object> config = Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ConsumerConfig.GROUP_ID_CONFIG,
                NAME,
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                "read_committed",
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                "earliest",
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                false);
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(EventWriter.TOPIC));
            while (!closing) {
                if (!consumer.poll(POLL).isEmpty()) {
                    consumer.commitSync();
                }
            }
        } catch (RuntimeException e) {
            problem = "the consumer group of the bench has failed: " + e;
        }
    }

    /** Why it has stopped; empty while it runs. */
    String problem() {
        return problem;
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
