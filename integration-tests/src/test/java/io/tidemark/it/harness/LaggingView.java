// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * A read model of the projection {@code view}: the last payload of each aggregate. Each event is applied, and then
 * committed, a fixed time after it was received.
 */
public final class LaggingView implements AutoCloseable {

    private record Received(ConsumerRecord<byte[], byte[]> record, long nanos) {}

    private final TestSource source;
    private final long lagNanos;
    private final Map<String, String> values = new ConcurrentHashMap<>();
    private final Thread thread = new Thread(this::consume, "lagging-view");
    private volatile boolean closing;

    private LaggingView(TestSource source, Duration lag) {
        this.source = source;
        this.lagNanos = lag.toNanos();
    }

    public static LaggingView start(TestSource source, Duration lag) {
        LaggingView view = new LaggingView(source, lag);
        view.thread.start();
        return view;
    }

    private void consume() {
        Map<String, Object> config = Map.of(
                ConsumerConfig.GROUP_ID_CONFIG,
                GroupConsumer.groupOf(source),
                ConsumerConfig.METADATA_MAX_AGE_CONFIG,
                500);
        Deque<Received> received = new ArrayDeque<>();
        try (KafkaConsumer<byte[], byte[]> consumer = TopicReader.consumer(source.servers(), config)) {
            consumer.subscribe(List.of(source.topic("order")));
            while (!closing) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(10))) {
                    received.add(new Received(record, System.nanoTime()));
                }
                Map<TopicPartition, OffsetAndMetadata> applied = new HashMap<>();
                while (!received.isEmpty()
                        && System.nanoTime() - received.element().nanos() >= lagNanos) {
                    ConsumerRecord<byte[], byte[]> record = received.remove().record();
                    values.put(text(record.key()), text(record.value()));
                    applied.put(
                            new TopicPartition(record.topic(), record.partition()),
                            new OffsetAndMetadata(record.offset() + 1));
                }
                if (!applied.isEmpty()) {
                    consumer.commitSync(applied);
                }
            }
        }
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Empty before its first event. */
    public Optional<String> value(String aggregateId) {
        return Optional.ofNullable(values.get(aggregateId));
    }

    @Override
    public void close() throws InterruptedException {
        closing = true;
        thread.join();
    }
}
