// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.runner;

import io.tidemark.consumers.Projection;
import io.tidemark.consumers.RunnerConfig;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** The properties and the group of a runner's Kafka consumer. Immutable. */
record ConsumerProperties(Projection projection, RunnerConfig config) {

    /**
     * Maximum time until a new topic or partition is noticed. Kafka's default of five minutes is long for a watermark.
     */
    private static final int METADATA_MAX_AGE_MILLIS = 30_000;

    /** Kafka's default. One poll should be able to fill a larger batch. */
    private static final int MIN_POLL_RECORDS = 500;

    /** The group of the generation that is read: {@code group.id} if set, otherwise the projection's name. */
    String group() {
        return String.valueOf(config.kafka().getOrDefault(ConsumerConfig.GROUP_ID_CONFIG, projection.name()));
    }

    /** A separate group while a generation is built: {@link #group} has the offsets of the generation that is read. */
    String buildingGroup() {
        return group() + "-g" + projection.generation();
    }

    /** @throws org.apache.kafka.common.KafkaException when a Kafka property is not acceptable */
    void check() {
        ConsumerConfig.configDef().parse(inGroup(group()));
    }

    /** Partitions that stay with a member continue during a rebalance, unless another assignor or protocol is set. */
    Map<String, Object> inGroup(String group) {
        Map<String, Object> kafka = config.kafka();
        Map<String, Object> properties = new HashMap<>();
        if (!kafka.containsKey(ConsumerConfig.GROUP_PROTOCOL_CONFIG)) {
            properties.put(
                    ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, CooperativeStickyAssignor.class.getName());
        }
        // the relay creates topics, as configured
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        properties.put(ConsumerConfig.METADATA_MAX_AGE_CONFIG, METADATA_MAX_AGE_MILLIS);
        properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, Math.max(MIN_POLL_RECORDS, projection.maxBatch()));
        properties.putAll(kafka);
        properties.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        properties.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        properties.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none"); // the progress decides, and a gap is an error
        return properties;
    }
}
