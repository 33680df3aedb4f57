package io.tidemark.relay.publish;

import io.tidemark.outbox.DeadLetters;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.RouteConfig;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.TransactionalIdNotFoundException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedVersionException;

/**
 * Which of the rights that docs/security.md lists the relay's principal lacks, as far as Kafka tells: it does not for
 * topics that are not there yet, and of a transactional id it tells only whether it may be described.
 */
public final class KafkaRights {

    private static final int TIMEOUT_SECONDS = 10;

    private final Admin admin;
    private final List<String> missing = new ArrayList<>();

    private KafkaRights(Admin admin) {
        this.admin = admin;
    }

    /**
     * Asks the cluster.
     *
     * @param transactionalId of the relay
     * @param positionsTopic where the position is kept
     * @return a sentence for each right that is missing; empty when none is, or the cluster knows no rights
     */
    public static List<String> missing(RelayConfiguration config, String transactionalId, String positionsTopic)
            throws PublishFailure, InterruptedException {
        KafkaConfig kafka = config.kafka();
        Map<String, ?> inTime = Map.of(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, TIMEOUT_SECONDS * 1000);
        try (Admin admin = Admin.create(kafka.client("tidemark-check", inTime))) {
            KafkaRights rights = new KafkaRights(admin);
            rights.checkTransactionalId(transactionalId);
            rights.checkTopics(topics(config, positionsTopic));
            rights.checkGroups(
                    config.projections().stream().map(ProjectionConfig::group).collect(Collectors.toSet()));
            return rights.missing;
        }
    }

    private static Map<String, Set<AclOperation>> topics(RelayConfiguration config, String positionsTopic) {
        Set<AclOperation> readAndWrite = EnumSet.of(AclOperation.READ, AclOperation.WRITE);
        Map<String, Set<AclOperation>> topics = new TreeMap<>();
        topics.put(positionsTopic, readAndWrite);
        topics.put(Topics.INDEX, readAndWrite);
        config.projections()
                .forEach(projection -> projection.topics().forEach(topic -> topics.put(topic, readAndWrite)));
        config.routes().stream()
                .map(RouteConfig::topic)
                .filter(topic -> !topic.contains(RouteConfig.PLACEHOLDER))
                .forEach(topic -> topics.putIfAbsent(topic, EnumSet.of(AclOperation.WRITE)));
        if (config.routes().stream().anyMatch(RouteConfig::hasDeadLetters)) {
            topics.put(DeadLetters.TOPIC, EnumSet.of(AclOperation.WRITE));
        }
        return topics;
    }

    private void checkTransactionalId(String id) throws PublishFailure, InterruptedException {
        described(
                admin.describeTransactions(Set.of(id)).description(id), "TransactionalId " + id, "Write and Describe");
    }

    private void checkGroups(Set<String> groups) throws PublishFailure, InterruptedException {
        Map<String, KafkaFuture<ConsumerGroupDescription>> answers =
                admin.describeConsumerGroups(groups).describedGroups();
        for (Map.Entry<String, KafkaFuture<ConsumerGroupDescription>> group : new TreeMap<>(answers).entrySet()) {
            described(group.getValue(), "Group " + group.getKey(), "Describe");
        }
    }

    private void checkTopics(Map<String, Set<AclOperation>> wanted) throws PublishFailure, InterruptedException {
        Map<String, KafkaFuture<TopicDescription>> answers = admin.describeTopics(
                        wanted.keySet(), new DescribeTopicsOptions().includeAuthorizedOperations(true))
                .topicNameValues();
        for (Map.Entry<String, KafkaFuture<TopicDescription>> topic : new TreeMap<>(answers).entrySet()) {
            Set<AclOperation> lacking = EnumSet.copyOf(wanted.getOrDefault(topic.getKey(), Set.of(AclOperation.WRITE)));
            String resource = "Topic " + topic.getKey();
            described(topic.getValue(), resource, names(lacking) + " and Describe")
                    .map(TopicDescription::authorizedOperations) // absent where the broker does not tell
                    .ifPresent(granted -> {
                        lacking.removeAll(granted);
                        if (!lacking.isEmpty()) {
                            missing.add(sentence(resource, names(lacking)));
                        }
                    });
        }
    }

    private static String names(Set<AclOperation> operations) {
        return operations.stream()
                .map(operation -> operation == AclOperation.READ ? "Read" : "Write")
                .collect(Collectors.joining(" and "));
    }

    private static String sentence(String resource, String operations) {
        return "kafka: the relay's user has not the right to " + operations + " on " + resource
                + "; grant it (docs/security.md lists all)";
    }

    /** @return empty when it may not be described, and also when there is no such thing: nothing can be told of it then */
    private <T> Optional<T> described(KafkaFuture<T> answer, String resource, String wanted)
            throws PublishFailure, InterruptedException {
        try {
            return Optional.of(answer.get(TIMEOUT_SECONDS, TimeUnit.SECONDS));
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AuthorizationException) {
                missing.add(sentence(resource, wanted));
                return Optional.empty();
            }
            if (e.getCause() instanceof UnknownTopicOrPartitionException
                    || e.getCause() instanceof TransactionalIdNotFoundException
                    || e.getCause() instanceof GroupIdNotFoundException
                    || e.getCause() instanceof UnsupportedVersionException) { // transactions: before 3.0
                return Optional.empty();
            }
            throw PublishFailure.of(e);
        } catch (TimeoutException e) {
            throw PublishFailure.of(e);
        }
    }
}
