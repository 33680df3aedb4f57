// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import io.tidemark.relay.config.KafkaConfig;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Creates missing topics, where that is allowed. On the publishing thread. */
public final class Topics implements TopicCatalog, AutoCloseable {

    /** Timeout for a whole request, including brokers that do not answer and retries on others. */
    private static final int ANSWER_SECONDS = 20;
    /** Kafka's client gives up earlier. */
    private static final int TIMEOUT_SECONDS = ANSWER_SECONDS + 5;
    /** Timeout for a new topic to become visible; a Kafka transaction is open meanwhile. */
    private static final int VISIBLE_SECONDS = 5;
    /** Interval between two checks for a new topic. */
    private static final int LOOK_MILLIS = 20;

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);

    private final Admin admin;
    private final KafkaConfig kafka;

    public Topics(KafkaConfig kafka) {
        this.admin = Admin.create(kafka.client(
                "tidemark-topics", Map.of(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_SECONDS * 1000)));
        this.kafka = kafka;
    }

    /**
     * Makes sure that the positions topic and the index topic exist.
     *
     * @throws PublishFailure of the kind {@code HALT} also when Kafka would delete positions
     */
    public void ensureOwn() throws PublishFailure, InterruptedException {
        ensureKept(TopicPlan.positions());
        ensure(TopicPlan.index()); // losing its content costs precision only
    }

    /** Makes sure that the dead-letter topic exists, and that its records are kept. */
    public void ensureDeadLetters() throws PublishFailure, InterruptedException {
        ensureKept(TopicPlan.deadLetters(kafka));
    }

    private void ensureKept(TopicPlan plan) throws PublishFailure, InterruptedException {
        ensure(plan);
        Optional<String> problem = new TopicPolicy(admin, kafka).problem(plan);
        if (problem.isPresent()) {
            throw PublishFailure.halt(problem.get(), null);
        }
    }

    @Override
    public String ensureEvents(String topic) throws PublishFailure, InterruptedException {
        return ensure(TopicPlan.events(topic, kafka.topics()));
    }

    private String ensure(TopicPlan plan) throws PublishFailure, InterruptedException {
        String topic = plan.name();
        String id = idsOf(Set.of(topic)).get(topic);
        if (id != null) {
            return id;
        }
        if (!kafka.topics().autoCreate()) {
            throw PublishFailure.notYet(plan.missing(kafka));
        }
        return create(plan);
    }

    @Override
    public Map<String, String> idsOf(Set<String> topics) throws PublishFailure, InterruptedException {
        Map<String, String> ids = new HashMap<>();
        describe(topics)
                .forEach((topic, description) ->
                        ids.put(topic, description.topicId().toString()));
        return ids;
    }

    /** Descriptions of the topics that exist. */
    private Map<String, TopicDescription> describe(Set<String> topics) throws PublishFailure, InterruptedException {
        Map<String, TopicDescription> descriptions = new HashMap<>();
        Map<String, KafkaFuture<TopicDescription>> answers =
                admin.describeTopics(topics).topicNameValues();
        for (Map.Entry<String, KafkaFuture<TopicDescription>> answer : answers.entrySet()) {
            try {
                descriptions.put(answer.getKey(), answer.getValue().get(TIMEOUT_SECONDS, TimeUnit.SECONDS));
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
                    throw PublishFailure.of(e);
                }
            } catch (TimeoutException e) {
                throw PublishFailure.of(e);
            }
        }
        return descriptions;
    }

    private String create(TopicPlan plan) throws PublishFailure, InterruptedException {
        String topic = plan.name();
        try {
            admin.createTopics(List.of(plan.toCreate(kafka.topics()))).all().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            return idOfMade(topic);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TopicExistsException) { // a consumer that subscribes may have just created it
                return idOfMade(topic);
            }
            throw PublishFailure.of(e);
        } catch (TimeoutException e) {
            throw PublishFailure.of(e);
        }
    }

    /**
     * Asks for the id: the answer to a creation contains it only for users who may describe configurations (KIP-525).
     */
    private String idOfMade(String topic) throws PublishFailure, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(VISIBLE_SECONDS);
        while (System.nanoTime() < deadline) { // the next broker asked may not know it yet
            String id = idsOf(Set.of(topic)).get(topic);
            if (id != null) {
                return id;
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
        throw PublishFailure.notYet("topic " + topic + " was made, and cannot be seen yet; trying again");
    }

    /** Every current partition of these topics; none for a topic that does not exist. */
    public Set<TopicPartition> partitionsOf(Set<String> topics) throws PublishFailure, InterruptedException {
        Set<TopicPartition> partitions = new HashSet<>();
        describe(topics)
                .forEach((topic, description) -> description
                        .partitions()
                        .forEach(partition -> partitions.add(new TopicPartition(topic, partition.partition()))));
        return partitions;
    }

    /**
     * Whether the cluster's transactions follow KIP-890. It closes a window in which a delayed write of a fenced
     * producer can end up in a later transaction.
     */
    public boolean hasDefendedTransactions() throws PublishFailure, InterruptedException {
        try {
            var level = admin.describeFeatures()
                    .featureMetadata()
                    .get(TIMEOUT_SECONDS, TimeUnit.SECONDS)
                    .finalizedFeatures()
                    .get("transaction.version");
            return level != null && level.maxVersionLevel() >= 2;
        } catch (ExecutionException | TimeoutException e) {
            throw PublishFailure.of(e);
        }
    }

    @Override
    public void close() {
        admin.close(CLOSE_TIMEOUT);
    }
}
