package io.tidemark.relay.group;

import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.declared.GroupReading;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsResult;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.jspecify.annotations.Nullable;

/** Asks Kafka for the committed offsets and the members of consumer groups. Asynchronous; safe on any thread. */
public final class GroupOffsets implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 10_000;
    private static final Duration CLOSE_TIMEOUT = Duration.ofMillis(1);

    private final KafkaConfig kafka;
    private @Nullable Admin admin;
    private Map<String, Object> madeWith = Map.of();
    private boolean isClosed;
    private volatile boolean isTurnedAway;

    public GroupOffsets(KafkaConfig kafka) {
        this.kafka = kafka;
    }

    /** Made when first needed: it cannot be while Kafka's names do not resolve, say, and then the next one to ask tries. */
    private synchronized Admin admin() {
        if (isClosed) {
            throw new KafkaException("this relay is shutting down");
        }
        if (isTurnedAway) {
            isTurnedAway = false;
            discardUnlessSame(properties());
        }
        if (admin == null) {
            Map<String, Object> properties = properties();
            admin = Admin.create(properties);
            madeWith = properties;
        }
        return admin;
    }

    /** Who it is was read when it was made; another one with the same would be turned away as well. */
    private void discardUnlessSame(Map<String, Object> properties) {
        if (admin != null && !madeWith.equals(properties)) {
            admin.close(CLOSE_TIMEOUT);
            admin = null;
        }
    }

    private Map<String, Object> properties() {
        return kafka.client("tidemark-groups", Map.of());
    }

    /**
     * The groups' committed offsets now, in as few requests as there are coordinators. Offsets in a transaction that is
     * still open are not told, but those committed before it. Asked for stable ones ({@code requireStable}, KIP-447) the
     * broker would tell none at all of such a partition: that is for members, which must not read again what the
     * transaction is about.
     *
     * @param partitions of each group; one without any is answered without Kafka
     * @return for each group: completes with what it has committed; nothing for a group that does not exist
     */
    public Map<String, CompletionStage<Committed>> committed(Map<String, Set<TopicPartition>> partitions) {
        Map<String, ListConsumerGroupOffsetsSpec> specs = new HashMap<>();
        partitions.forEach((group, wanted) -> {
            if (!wanted.isEmpty()) {
                specs.put(group, new ListConsumerGroupOffsetsSpec().topicPartitions(List.copyOf(wanted)));
            }
        });
        Function<String, CompletionStage<Committed>> answers = ask(partitions, specs);
        Map<String, CompletionStage<Committed>> committed = new HashMap<>();
        partitions
                .keySet()
                .forEach(group -> committed.put(
                        group,
                        specs.containsKey(group)
                                ? answers.apply(group)
                                : CompletableFuture.completedFuture(Committed.NOTHING)));
        return committed;
    }

    private Function<String, CompletionStage<Committed>> ask(
            Map<String, Set<TopicPartition>> partitions, Map<String, ListConsumerGroupOffsetsSpec> specs) {
        if (specs.isEmpty()) {
            return group -> CompletableFuture.completedFuture(Committed.NOTHING);
        }
        try {
            ListConsumerGroupOffsetsResult result = admin().listConsumerGroupOffsets(specs, options());
            return group -> result.partitionsToOffsetAndMetadata(group)
                    .toCompletionStage()
                    .whenComplete((answered, failure) -> reactTo(failure))
                    .thenApply(answered -> Committed.of(partitions.getOrDefault(group, Set.of()), answered));
        } catch (KafkaException | ConfigurationProblem e) {
            return group -> CompletableFuture.failedFuture(e);
        }
    }

    private static ListConsumerGroupOffsetsOptions options() {
        return new ListConsumerGroupOffsetsOptions().requireStable(false).timeoutMs(TIMEOUT_MILLIS);
    }

    /**
     * What each group reads now: its members' partitions, and every offset it has committed, whatever the topic. Two
     * requests for all of them.
     *
     * @return for each group: completes with what Kafka tells, also of a group that it does not know
     */
    public Map<String, CompletionStage<GroupReading>> reading(Collection<String> groups) {
        Map<String, CompletionStage<GroupReading>> readings = new HashMap<>();
        try {
            Map<String, KafkaFuture<ConsumerGroupDescription>> described = admin().describeConsumerGroups(
                            Set.copyOf(groups), new DescribeConsumerGroupsOptions().timeoutMs(TIMEOUT_MILLIS))
                    .describedGroups();
            Map<String, ListConsumerGroupOffsetsSpec> everything = new HashMap<>();
            groups.forEach(group -> everything.put(group, new ListConsumerGroupOffsetsSpec()));
            ListConsumerGroupOffsetsResult offsets = admin().listConsumerGroupOffsets(everything, options());
            described.forEach((group, description) -> {
                CompletionStage<Optional<ConsumerGroupDescription>> members =
                        knownOrEmpty(description.thenApply(Optional::of), Optional.empty());
                CompletionStage<Map<TopicPartition, OffsetAndMetadata>> committed =
                        knownOrEmpty(offsets.partitionsToOffsetAndMetadata(group), Map.of());
                readings.put(group, members.thenCombine(committed, GroupOffsets::reading));
            });
        } catch (KafkaException | ConfigurationProblem e) {
            groups.forEach(group -> readings.put(group, CompletableFuture.failedFuture(e)));
        }
        return readings;
    }

    private static GroupReading reading(
            Optional<ConsumerGroupDescription> described, Map<TopicPartition, OffsetAndMetadata> committed) {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        committed.forEach((partition, offset) -> offsets.put(partition, offset.offset())); // all, so none is null
        var dead = org.apache.kafka.common.GroupState.DEAD;
        var state = described.map(ConsumerGroupDescription::groupState).orElse(dead);
        Set<String> assigned = new HashSet<>();
        described.ifPresent(group -> group.members()
                .forEach(member ->
                        member.assignment().topicPartitions().forEach(partition -> assigned.add(partition.topic()))));
        return new GroupReading(
                state != dead, // which older brokers say of a group that they do not know
                described.map(group -> group.members().size()).orElse(0),
                state == org.apache.kafka.common.GroupState.STABLE,
                assigned,
                offsets);
    }

    /** A group that does not exist, or is none of consumers, has nothing. */
    private <T> CompletionStage<T> knownOrEmpty(KafkaFuture<T> told, T nothing) {
        return told.toCompletionStage().exceptionallyCompose(failure -> {
            reactTo(failure);
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            return cause instanceof GroupIdNotFoundException
                    ? CompletableFuture.completedFuture(nothing)
                    : CompletableFuture.failedFuture(cause);
        });
    }

    /** On the client's thread, which takes no lock here: whoever closes it waits for it. */
    private void reactTo(@Nullable Throwable failure) {
        if (failure instanceof AuthenticationException
                || (failure != null && failure.getCause() instanceof AuthenticationException)) {
            isTurnedAway = true;
        }
    }

    @Override
    public synchronized void close() {
        isClosed = true;
        if (admin != null) {
            admin.close(CLOSE_TIMEOUT);
            admin = null;
        }
    }
}
