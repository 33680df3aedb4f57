// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.consumers;

import com.zaxxer.hikari.HikariDataSource;
import io.tidemark.consumers.Event;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** A loop without the library: poll, a JDBC batch, commit in the database, commit to Kafka. At least once. */
final class HandWrittenLoop {

    private static final int MAX_POLL_RECORDS = 1000;

    private HandWrittenLoop() {}

    static ApplySpeedBenchmark.Speed apply(ProjectionWorld world, HikariDataSource database, String group)
            throws Exception {
        AtomicLong applied = new AtomicLong();
        AtomicBoolean isOver = new AtomicBoolean();
        Thread loop = new Thread(() -> loop(world, database, group, applied, isOver), "by-hand");
        loop.start();
        try {
            return ApplySpeedBenchmark.measure(applied::get);
        } finally {
            isOver.set(true);
            loop.join();
        }
    }

    private static void loop(
            ProjectionWorld world, HikariDataSource database, String group, AtomicLong applied, AtomicBoolean isOver) {
        Map<String, Object> properties = new HashMap<>(ProjectionWorld.kafkaProperties(world.bootstrapServers()));
        properties.put("group.id", group);
        properties.put("isolation.level", "read_committed");
        properties.put("enable.auto.commit", false);
        properties.put("auto.offset.reset", "earliest");
        properties.put("max.poll.records", MAX_POLL_RECORDS);
        try (KafkaConsumer<byte[], byte[]> consumer =
                        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
                Connection connection = database.getConnection()) {
            connection.setAutoCommit(false);
            consumer.subscribe(List.of(world.topic()));
            while (!isOver.get()) {
                List<Event> events = new ArrayList<>();
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    events.add(Event.of(record));
                }
                if (!events.isEmpty()) {
                    ApplySpeedBenchmark.insert(events, connection);
                    connection.commit();
                    applied.addAndGet(events.size());
                    consumer.commitSync();
                }
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
