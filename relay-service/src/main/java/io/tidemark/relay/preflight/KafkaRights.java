// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.preflight;

import io.tidemark.relay.publish.PublishFailure;
import java.util.ArrayList;
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
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdNotFoundException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.jspecify.annotations.Nullable;

/**
 * The rights listed in docs/security.md that the relay's principal lacks, as far as Kafka reports them. For topics that
 * do not exist yet, Kafka reports nothing. For a transactional id, it reports only whether it may be described.
 */
final class KafkaRights {

    private final Admin admin;
    private final List<String> missing = new ArrayList<>();
    private final Set<String> undescribed = new HashSet<>();
    private final Set<String> unread = new HashSet<>();

    KafkaRights(Admin admin) {
        this.admin = admin;
    }

    /** One sentence for each right that was found missing; empty if the cluster uses no authorization. */
    List<String> missing() {
        return missing;
    }

    /** For a topic that was checked. */
    boolean mayDescribe(String topic) {
        return !undescribed.contains(topic);
    }

    /** For a topic that was checked for this right. */
    boolean mayRead(String topic) {
        return mayDescribe(topic) && !unread.contains(topic);
    }

    /** @return whether it may be described */
    boolean checkTransactionalId(String id) throws PublishFailure, InterruptedException {
        KafkaFuture<?> answer = admin.describeTransactions(Set.of(id)).description(id);
        return !(ask(answer, "TransactionalId " + id, "Write and Describe") instanceof Told.Denied);
    }

    void checkGroups(Set<String> groups) throws PublishFailure, InterruptedException {
        Map<String, KafkaFuture<ConsumerGroupDescription>> answers =
                admin.describeConsumerGroups(groups).describedGroups();
        for (Map.Entry<String, KafkaFuture<ConsumerGroupDescription>> group : new TreeMap<>(answers).entrySet()) {
            checkGroup(group.getKey(), group.getValue());
        }
    }

    /**
     * Kafka shows the members of a group of the consumer protocol (KIP-848) only to a user that may describe all their
     * topics.
     */
    private void checkGroup(String name, KafkaFuture<ConsumerGroupDescription> answer)
            throws PublishFailure, InterruptedException {
        try {
            answer.get(KafkaCheck.ANSWER_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TopicAuthorizationException) {
                missing.add("kafka: the relay's user has no right to Describe on a topic that group " + name
                        + " reads, so Kafka does not show the group's members, and every token is answered with 503 for"
                        + " its projections; grant Describe on every topic that the group reads, also those that no"
                        + " projection declares (docs/security.md lists all)");
                return;
            }
            ask(answer, "Group " + name, "Describe");
        } catch (TimeoutException e) {
            throw PublishFailure.of(e);
        }
    }

    /**
     * Asks about topics.
     *
     * @param wanted the operations on each topic, by name, besides describing it
     * @return the topics that do not exist, as far as the user may know
     */
    Set<String> checkTopics(Map<String, Set<AclOperation>> wanted) throws PublishFailure, InterruptedException {
        Map<String, KafkaFuture<TopicDescription>> answers = admin.describeTopics(
                        wanted.keySet(), new DescribeTopicsOptions().includeAuthorizedOperations(true))
                .topicNameValues();
        Set<String> absent = new HashSet<>();
        for (Map.Entry<String, KafkaFuture<TopicDescription>> answer : new TreeMap<>(answers).entrySet()) {
            String topic = answer.getKey();
            Set<AclOperation> operations = wanted.getOrDefault(topic, Set.of());
            Told<TopicDescription> told = ask(
                    answer.getValue(),
                    "Topic " + topic,
                    operations.isEmpty() ? "Describe" : names(operations) + " and Describe");
            if (told instanceof Told.Absent) {
                absent.add(topic);
            } else if (told instanceof Told.Denied) {
                undescribed.add(topic);
            } else if (told instanceof Told.Described<TopicDescription> described) {
                compare(topic, operations, described.what().authorizedOperations());
            }
        }
        return absent;
    }

    /** @param granted null if the broker does not report it */
    private void compare(String topic, Set<AclOperation> wanted, @Nullable Set<AclOperation> granted) {
        Set<AclOperation> lacking = new TreeSet<>(wanted);
        lacking.removeAll(granted == null ? wanted : granted);
        if (!lacking.isEmpty()) {
            lacks(names(lacking), "Topic " + topic);
        }
        if (lacking.contains(AclOperation.READ)) {
            unread.add(topic);
        }
    }

    private static String names(Set<AclOperation> operations) {
        return new TreeSet<>(operations)
                .stream()
                        .map(operation -> operation == AclOperation.READ ? "Read" : "Write")
                        .collect(Collectors.joining(" and "));
    }

    /** Adds a missing right that was found in another way. */
    void lacks(String operations, String resource) {
        missing.add("kafka: the relay's user has no right to " + operations + " on " + resource
                + "; grant it (docs/security.md lists all)");
    }

    /** Kafka's answer about one resource. */
    private sealed interface Told<T> {

        record Described<T>(T what) implements Told<T> {}

        /** The relay may not describe it, or it cannot exist. The finding has been recorded. */
        record Denied<T>() implements Told<T> {}

        /** It does not exist, so Kafka does not report the rights on it. */
        record Absent<T>() implements Told<T> {}
    }

    private <T> Told<T> ask(KafkaFuture<T> answer, String resource, String wanted)
            throws PublishFailure, InterruptedException {
        try {
            return new Told.Described<>(answer.get(KafkaCheck.ANSWER_SECONDS, TimeUnit.SECONDS));
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AuthorizationException) {
                lacks(wanted, resource);
                return new Told.Denied<>();
            }
            if (e.getCause() instanceof InvalidTopicException) {
                missing.add("kafka: " + resource + " has a name that no topic can have; change it in projections");
                return new Told.Denied<>();
            }
            if (e.getCause() instanceof UnknownTopicOrPartitionException
                    || e.getCause() instanceof TransactionalIdNotFoundException
                    || e.getCause() instanceof GroupIdNotFoundException
                    || e.getCause() instanceof UnsupportedVersionException) { // transactions on brokers before 3.0
                return new Told.Absent<>();
            }
            throw PublishFailure.of(e);
        } catch (TimeoutException e) {
            throw PublishFailure.of(e);
        }
    }
}
