package io.tidemark.relay.group;

import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.config.KafkaConfig;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsResult;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
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
            ListConsumerGroupOffsetsResult result = admin().listConsumerGroupOffsets(
                            specs,
                            new ListConsumerGroupOffsetsOptions()
                                    .requireStable(false)
                                    .timeoutMs(TIMEOUT_MILLIS));
            return group -> result.partitionsToOffsetAndMetadata(group)
                    .toCompletionStage()
                    .whenComplete((answered, failure) -> reactTo(failure))
                    .thenApply(answered -> Committed.of(partitions.getOrDefault(group, Set.of()), answered));
        } catch (KafkaException | ConfigurationProblem e) {
            return group -> CompletableFuture.failedFuture(e);
        }
    }

    /**
     * How many members each group has now.
     *
     * @return for each group: completes with the number; 0 for a group that does not exist
     */
    public Map<String, CompletionStage<Integer>> members(Collection<String> groups) {
        Map<String, CompletionStage<Integer>> members = new HashMap<>();
        try {
            admin().describeConsumerGroups(
                            Set.copyOf(groups), new DescribeConsumerGroupsOptions().timeoutMs(TIMEOUT_MILLIS))
                    .describedGroups()
                    .forEach((group, description) -> members.put(
                            group,
                            memberCount(description.thenApply(
                                    known -> known.members().size()))));
        } catch (KafkaException | ConfigurationProblem e) {
            groups.forEach(group -> members.put(group, CompletableFuture.failedFuture(e)));
        }
        return members;
    }

    private CompletionStage<Integer> memberCount(KafkaFuture<Integer> count) {
        return count.toCompletionStage().exceptionallyCompose(failure -> {
            reactTo(failure);
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            return cause instanceof GroupIdNotFoundException || failure instanceof GroupIdNotFoundException
                    ? CompletableFuture.completedFuture(0)
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
