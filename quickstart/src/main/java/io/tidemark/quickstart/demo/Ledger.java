// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.quickstart.stack.LocalStack;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Compares the outbox table with the topic, over the whole history of the data, without Tidemark's code: the committed
 * rows, and the records that a {@code read_committed} consumer can read.
 *
 * @param readable ids of the events in the topic
 * @param missing committed, but not readable
 * @param duplicated readable more often than once, or never committed
 * @param outOfOrder events of an order after a later event of the same order
 */
record Ledger(Set<String> readable, int missing, int duplicated, int outOfOrder) {

    private static final ObjectMapper JSON = new ObjectMapper();

    static Ledger compare(LocalStack stack) throws SQLException, IOException {
        Set<String> committed = new HashSet<>();
        try (Connection connection = stack.postgres().connect(Shop.DATABASE);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select id::text from outbox.event")) {
            while (row.next()) {
                committed.add(row.getString(1));
            }
        }
        Set<String> readable = new HashSet<>();
        Map<String, Integer> versions = new HashMap<>();
        int duplicated = 0;
        int outOfOrder = 0;
        Map<String, Object> config = Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                stack.kafka().bootstrapServers(),
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                "read_committed",
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                false);
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(OrdersView.TOPIC).stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream()
                    .anyMatch(partition -> consumer.position(partition) < ends.getOrDefault(partition, 0L))) {
                for (ConsumerRecord<String, String> event : consumer.poll(Duration.ofMillis(200))) {
                    String id = new String(event.headers().lastHeader("id").value(), StandardCharsets.UTF_8);
                    if (!readable.add(id) || !committed.contains(id)) {
                        duplicated++;
                    }
                    int version =
                            JSON.readTree(event.value()).required("version").intValue();
                    Integer before = versions.put(event.key(), version);
                    if (version != (before == null ? 0 : before) + 1) {
                        outOfOrder++;
                    }
                }
            }
        }
        committed.removeAll(readable);
        return new Ledger(readable, committed.size(), duplicated, outOfOrder);
    }
}
