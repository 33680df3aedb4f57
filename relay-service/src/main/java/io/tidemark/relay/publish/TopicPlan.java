// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.config.TopicsConfig;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.NewTopic;

/** A topic as the relay creates it, or as a person must create it. */
public record TopicPlan(String name, int partitions, Map<String, String> settings) {

    public static TopicPlan positions() {
        return new TopicPlan(OwnTopics.POSITIONS, 1, Map.of("cleanup.policy", "compact", "segment.ms", "3600000"));
    }

    public static TopicPlan index() {
        return new TopicPlan(OwnTopics.INDEX, 1, Map.of("cleanup.policy", "delete", "retention.ms", "86400000"));
    }

    /** The dead-letter topic, which accepts larger records than any event topic. */
    public static TopicPlan deadLetters(KafkaConfig kafka) {
        return new TopicPlan(
                OwnTopics.DEAD_LETTERS,
                1,
                Map.of(
                        "cleanup.policy",
                        "compact",
                        "max.message.bytes",
                        Integer.toString(SizeLimits.of(kafka).deadLetter()),
                        "message.timestamp.type",
                        "CreateTime",
                        "message.timestamp.after.max.ms",
                        Long.toString(Long.MAX_VALUE)));
    }

    public static TopicPlan events(String name, TopicsConfig topics) {
        // created_at comes from the writer, so the broker's clock must not cause a refusal
        return new TopicPlan(
                name, topics.partitions(), Map.of("message.timestamp.after.max.ms", Long.toString(Long.MAX_VALUE)));
    }

    public NewTopic toCreate(TopicsConfig topics) {
        return new NewTopic(name, partitions, (short) topics.replicationFactor()).configs(allSettings(topics));
    }

    private Map<String, String> allSettings(TopicsConfig topics) {
        Map<String, String> all = new TreeMap<>(settings);
        if (topics.replicationFactor() > 2) {
            all.put("min.insync.replicas", "2"); // one broker may be down, and one more may be lost
        }
        return all;
    }

    /** What a person must do if the relay may not create the topic, in a sentence. */
    public String missing(KafkaConfig kafka) {
        StringBuilder command = new StringBuilder(kafka.tool("kafka-topics.sh"));
        command.append(" --create --topic ").append(name);
        command.append(" --partitions ").append(partitions);
        command.append(" --replication-factor ").append(kafka.topics().replicationFactor());
        allSettings(kafka.topics())
                .forEach((key, value) ->
                        command.append(" --config ").append(key).append('=').append(value));
        return "topic " + name + " does not exist, and kafka.topics.autoCreate is false; run: " + command
                + "; or set kafka.topics.autoCreate to true";
    }
}
