// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import io.tidemark.relay.config.KafkaConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * How long Kafka keeps the records of a topic, and whether that is long enough. Kafka reports this only to users with
 * DescribeConfigs; without that right, nothing is found. One thread.
 */
public final class TopicPolicy {

    private static final int TIMEOUT_SECONDS = 25;
    private static final Config NONE = new Config(Set.of());
    private static final String POLICY = "cleanup.policy";
    private static final String RETENTION = "retention.ms";

    private final Admin admin;
    private final KafkaConfig kafka;

    public TopicPolicy(Admin admin, KafkaConfig kafka) {
        this.admin = admin;
        this.kafka = kafka;
    }

    /**
     * Why one of the relay's own topics does not keep what it must; empty when it does, or its settings are unknown.
     */
    public Optional<String> problem(TopicPlan plan) throws PublishFailure, InterruptedException {
        String wanted = plan.settings().getOrDefault(POLICY, "");
        Optional<String> found =
                setting(plan.name(), POLICY).filter(policy -> !policies(policy).equals(policies(wanted)));
        return found.map(
                policy -> "topic " + plan.name() + " has " + POLICY + "=" + policy + ", and must have " + POLICY
                        + "=" + wanted + ": Kafka would delete "
                        + (wanted.equals("compact") ? "records that are still needed" : "too much of it, or nothing")
                        + "; run: " + alter(plan.name(), POLICY + "=" + wanted));
    }

    private static Set<String> policies(String list) {
        return new TreeSet<>(List.of(list.split(",")));
    }

    /**
     * Why Kafka may delete events on arrival: it judges by their timestamp, which is the time of the write.
     *
     * @param waitingSince an unpublished event may be as old as this
     */
    public Optional<String> tooShort(String topic, Instant waitingSince) throws PublishFailure, InterruptedException {
        if (!setting(topic, POLICY).map(TopicPolicy::policies).orElse(Set.of()).contains("delete")) {
            return Optional.empty();
        }
        Duration age = Duration.between(waitingSince, Instant.now());
        return setting(topic, RETENTION)
                .map(Long::parseLong)
                .filter(millis -> millis >= 0 && millis < age.toMillis())
                .map(millis -> "topic " + topic + " has " + RETENTION + "=" + millis
                        + ", and this source last published at "
                        + waitingSince + ": Kafka may delete events that wait since then as soon as they arrive, before"
                        + " any group reads them; before the relay continues, run: "
                        + alter(topic, RETENTION + "=" + (age.toMillis() + millis)));
    }

    private String alter(String topic, String setting) {
        return kafka.tool("kafka-configs.sh") + " --alter --entity-type topics --entity-name " + topic
                + " --add-config " + setting;
    }

    private Optional<String> setting(String topic, String name) throws PublishFailure, InterruptedException {
        return setting(new ConfigResource(ConfigResource.Type.TOPIC, topic), name);
    }

    /** This broker's maximum transaction timeout, in milliseconds. */
    public Optional<Long> longestTransaction(String broker) throws PublishFailure, InterruptedException {
        return setting(new ConfigResource(ConfigResource.Type.BROKER, broker), "transaction.max.timeout.ms")
                .map(Long::parseLong);
    }

    private Optional<String> setting(ConfigResource of, String name) throws PublishFailure, InterruptedException {
        try {
            Config config = admin.describeConfigs(Set.of(of))
                    .all()
                    .get(TIMEOUT_SECONDS, TimeUnit.SECONDS)
                    .getOrDefault(of, NONE);
            return Optional.ofNullable(config.get(name)).map(ConfigEntry::value);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AuthorizationException
                    || e.getCause() instanceof UnknownTopicOrPartitionException) {
                return Optional.empty();
            }
            throw PublishFailure.of(e);
        } catch (TimeoutException e) {
            throw PublishFailure.of(e);
        }
    }
}
