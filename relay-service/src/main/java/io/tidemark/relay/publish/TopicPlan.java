// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.config.TopicsConfig;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.NewTopic;

/** A topic as the relay makes it, or as a person has to make it. */
public record TopicPlan(String name, int partitions, Map<String, String> settings) {

    public static TopicPlan positions() {
        return new TopicPlan(OwnTopics.POSITIONS, 1, Map.of("cleanup.policy", "compact", "segment.ms", "3600000"));
    }

    public static TopicPlan index() {
        return new TopicPlan(OwnTopics.INDEX, 1, Map.of("cleanup.policy", "delete", "retention.ms", "86400000"));
    }

    /** It takes what no event topic would. */
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
        // created_at is the writer's, so a broker must not refuse it for its clock
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

    /** What to do where the relay may not make it, in a sentence. */
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
