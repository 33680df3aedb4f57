// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.preflight;

import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.TopicPlan;
import io.tidemark.relay.publish.TopicPolicy;
import io.tidemark.relay.publish.TransactionalPublisher;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.jspecify.annotations.Nullable;

/**
 * Checks, before the first event, whether Kafka can be used as configured. Reports every problem with its fix. Changes
 * nothing. One thread.
 */
public final class KafkaCheck implements AutoCloseable {

    /** How long Kafka may take for one answer; a busy machine needs more than 10 s at times. */
    static final int ANSWER_SECONDS = 20;

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);

    private final RelayConfiguration config;
    private final KafkaConfig kafka;
    private final Admin admin;
    private final KafkaRights rights;
    private final TopicPolicy policy;
    private final List<String> findings = new ArrayList<>();
    private final Set<String> absent = new HashSet<>();
    private String hint = "";
    private int brokers;
    private String anyBroker = "";

    private KafkaCheck(RelayConfiguration config, Admin admin) {
        this.config = config;
        this.kafka = config.kafka();
        this.admin = admin;
        this.rights = new KafkaRights(admin);
        this.policy = new TopicPolicy(admin, kafka);
    }

    /** @throws PublishFailure if the cluster does not answer: then nothing can be checked */
    public static KafkaCheck connect(RelayConfiguration config) throws PublishFailure, InterruptedException {
        Map<String, ?> inTime = Map.of(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_SECONDS * 1000);
        KafkaCheck check;
        try {
            check = new KafkaCheck(config, Admin.create(config.kafka().client("tidemark-check", inTime)));
        } catch (KafkaException e) { // a property that its client rejects, or a host that does not resolve
            throw PublishFailure.of(e);
        }
        try {
            check.countBrokers();
            return check;
        } catch (PublishFailure | InterruptedException | RuntimeException e) {
            check.close();
            throw e;
        }
    }

    private void countBrokers() throws PublishFailure, InterruptedException {
        try {
            Collection<Node> nodes = admin.describeCluster().nodes().get(ANSWER_SECONDS, TimeUnit.SECONDS);
            brokers = nodes.size();
            anyBroker = nodes.stream().findFirst().map(Node::idString).orElse("");
        } catch (ExecutionException | TimeoutException e) {
            throw PublishFailure.of(new org.apache.kafka.common.errors.TimeoutException(
                    "no answer from "
                            + kafka.bootstrapServers() + " within " + ANSWER_SECONDS
                            + " s; check kafka.bootstrapServers and that the brokers run",
                    e));
        }
        if (kafka.topics().autoCreate() && hasTooFewBrokers()) {
            findings.add("kafka.topics.replicationFactor is " + kafka.topics().replicationFactor()
                    + ", but the cluster has " + brokers + " brokers; set it to at most that");
        }
    }

    private boolean hasTooFewBrokers() {
        return brokers < kafka.topics().replicationFactor();
    }

    /** Checks the topics and groups whose names are known before the first event. */
    public void lookAtNames() throws PublishFailure, InterruptedException {
        Map<String, TopicPlan> plans = new TreeMap<>();
        Map<String, Set<AclOperation>> wanted = new HashMap<>();
        for (NamedTopic topic : NamedTopic.of(config)) {
            plans.put(topic.plan().name(), topic.plan());
            wanted.put(topic.plan().name(), topic.rights());
        }
        absent.addAll(rights.checkTopics(wanted));
        plans.keySet().retainAll(absent);
        if (kafka.topics().autoCreate()) {
            checkCreation(plans.values());
        } else {
            plans.values().forEach(plan -> findings.add(plan.missing(kafka)));
        }
        rights.checkGroups(
                config.projections().stream().map(ProjectionConfig::group).collect(Collectors.toSet()));
        for (TopicPlan plan : NamedTopic.own(config)) {
            if (exists(plan.name())) {
                policy.problem(plan).ifPresent(findings::add);
            }
        }
    }

    /** Creates a producer with the relay's properties. It does not take over a transactional id. */
    public void lookAtProducer() throws PublishFailure, InterruptedException {
        try {
            new TransactionalPublisher(kafka, "tidemark-check", NamedTopic.hasDeadLetters(config)).close();
        } catch (KafkaException e) {
            findings.add(String.valueOf(PublishFailure.of(e).getMessage()));
            return;
        }
        String timeout = kafka.properties().get(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG);
        if (timeout != null) {
            long millis = Long.parseLong(timeout.trim()); // the producer has accepted it
            policy.longestTransaction(anyBroker)
                    .filter(longest -> millis > longest)
                    .ifPresent(
                            longest -> findings.add(
                                    "kafka.properties." + ProducerConfig.TRANSACTION_TIMEOUT_CONFIG
                                            + " is " + millis + ", and the brokers allow " + longest + " at most"
                                            + " (transaction.max.timeout.ms), so the relay could not start; lower it, or leave it out"));
        }
    }

    /**
     * Checks whether topics keep events that wait.
     *
     * @param waitingSince when this source was last published
     */
    public void lookAtRetention(Set<String> topics, Instant waitingSince) throws PublishFailure, InterruptedException {
        for (String topic : new TreeSet<>(topics)) {
            policy.tooShort(topic, waitingSince).ifPresent(findings::add);
        }
    }

    /** Asks Kafka whether it would create the topics. */
    private void checkCreation(Collection<TopicPlan> plans) throws PublishFailure, InterruptedException {
        Map<String, KafkaFuture<Void>> answers = admin.createTopics(
                        plans.stream()
                                .map(plan -> plan.toCreate(kafka.topics()))
                                .toList(),
                        new CreateTopicsOptions().validateOnly(true))
                .values();
        for (Map.Entry<String, KafkaFuture<Void>> answer : new TreeMap<>(answers).entrySet()) {
            try {
                answer.getValue().get(ANSWER_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                cannotBeMade(answer.getKey(), e.getCause());
            } catch (TimeoutException e) {
                throw PublishFailure.of(e);
            }
        }
    }

    private void cannotBeMade(String topic, @Nullable Throwable why) throws PublishFailure {
        if (why instanceof AuthorizationException) {
            rights.lacks("Create", "Topic " + topic);
        } else if (why instanceof RetriableException) {
            throw PublishFailure.of(why);
        } else if (why != null
                && !(why instanceof TopicExistsException) // created just now
                && !(why instanceof InvalidReplicationFactorException && hasTooFewBrokers())) { // reported already
            findings.add("topic " + topic + " does not exist, and Kafka would not make it: "
                    + (PublishFailure.isOfAnOldBroker(why)
                            ? PublishFailure.of(why).getMessage()
                            : PublishFailure.text(why) + "; change kafka.topics, or make it yourself"));
        }
    }

    /** @param id of the relay; a relay that uses it now is not affected */
    public void lookAtTransactionalId(String id) throws PublishFailure, InterruptedException {
        if (rights.checkTransactionalId(id) && !TransactionalIdProbe.showsWrite(admin, id)) {
            hint = "; hint: only a relay that starts can find out whether Write on TransactionalId " + id
                    + " is granted, because Kafka shows that right only to a producer that takes the id over (it would be visible here if"
                    + " that right were granted for all ids with this prefix)";
        }
    }

    /**
     * Checks the right to describe topics that already have events: before each later event the relay asks whether they
     * are still the same topics.
     */
    public void lookAtUsed(Set<String> topics) throws PublishFailure, InterruptedException {
        Map<String, Set<AclOperation>> wanted = new HashMap<>();
        topics.stream().filter(rights::mayDescribe).forEach(topic -> wanted.put(topic, Set.of()));
        rights.checkTopics(wanted);
    }

    /** For a topic that was checked. */
    public boolean mayDescribe(String topic) {
        return rights.mayDescribe(topic);
    }

    /** For a topic that was checked, also one that does not exist. */
    public boolean mayRead(String topic) {
        return rights.mayRead(topic);
    }

    /** For a topic that was checked. */
    public boolean exists(String topic) {
        return rights.mayDescribe(topic) && !absent.contains(topic);
    }

    /** A short description of the cluster, for people. */
    public String description() {
        return brokers + " brokers at " + kafka.bootstrapServers() + hint;
    }

    /** One sentence for each problem. */
    public List<String> findings() {
        List<String> all = new ArrayList<>(findings);
        all.addAll(rights.missing());
        return all;
    }

    @Override
    public void close() {
        admin.close(CLOSE_TIMEOUT);
    }
}
