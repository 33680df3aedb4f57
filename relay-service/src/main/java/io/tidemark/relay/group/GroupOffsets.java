// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.group;

import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.declared.GroupReading;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/**
 * Asks Kafka for the committed offsets and the members of consumer groups, and for the bounds of the logs they read.
 * Asynchronous; safe on any thread.
 */
public final class GroupOffsets implements AutoCloseable {

    private final GroupClient client;

    public GroupOffsets(KafkaConfig kafka) {
        this.client = new GroupClient(kafka);
    }

    /**
     * The groups' committed offsets now, in as few requests as there are coordinators. Offsets in an open transaction
     * are not returned; the offsets committed before it are. Does not request stable offsets ({@code requireStable},
     * KIP-447): for such a partition the broker would then return no offset at all. That option is for members, which
     * must not read again what the transaction covers.
     *
     * @param partitions of each group; a group without partitions is answered without Kafka
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
            ListConsumerGroupOffsetsResult result = client.admin().listConsumerGroupOffsets(specs, options());
            return group -> result.partitionsToOffsetAndMetadata(group)
                    .toCompletionStage()
                    .whenComplete((answered, failure) -> client.reactTo(failure))
                    .thenApply(answered -> Committed.of(partitions.getOrDefault(group, Set.of()), answered));
        } catch (KafkaException | ConfigurationProblem e) {
            return group -> CompletableFuture.failedFuture(e);
        }
    }

    private static ListConsumerGroupOffsetsOptions options() {
        return new ListConsumerGroupOffsetsOptions().requireStable(false).timeoutMs(GroupClient.TIMEOUT_MILLIS);
    }

    /**
     * The partitions of each group's members, and every offset the group has committed, in any topic, now. Two requests
     * for all groups.
     *
     * @return for each group: completes with Kafka's answer, also for a group that Kafka does not know
     */
    public Map<String, CompletionStage<GroupReading>> reading(Collection<String> groups) {
        Map<String, CompletionStage<GroupReading>> readings = new HashMap<>();
        try {
            Admin admin = client.admin();
            Map<String, KafkaFuture<ConsumerGroupDescription>> described = admin.describeConsumerGroups(
                            Set.copyOf(groups),
                            new DescribeConsumerGroupsOptions().timeoutMs(GroupClient.TIMEOUT_MILLIS))
                    .describedGroups();
            Map<String, ListConsumerGroupOffsetsSpec> everything = new HashMap<>();
            groups.forEach(group -> everything.put(group, new ListConsumerGroupOffsetsSpec()));
            ListConsumerGroupOffsetsResult offsets = admin.listConsumerGroupOffsets(everything, options());
            described.forEach((group, asConsumers) -> readings.put(
                    group,
                    GroupDescriptions.of(admin, group, asConsumers)
                            .whenComplete((told, failure) -> client.reactTo(failure))
                            .thenCombine(
                                    everyOffset(offsets.partitionsToOffsetAndMetadata(group)),
                                    GroupDescriptions.Described::with)));
        } catch (KafkaException | ConfigurationProblem e) {
            groups.forEach(group -> readings.put(group, CompletableFuture.failedFuture(e)));
        }
        return readings;
    }

    /** Empty for a group that does not exist. */
    private CompletionStage<Map<TopicPartition, Long>> everyOffset(
            KafkaFuture<Map<TopicPartition, OffsetAndMetadata>> told) {
        return told.toCompletionStage()
                .thenApply(committed -> {
                    Map<TopicPartition, Long> offsets = new HashMap<>();
                    committed.forEach((partition, offset) -> offsets.put(partition, offset.offset())); // never null
                    return offsets;
                })
                .exceptionallyCompose(failure -> {
                    client.reactTo(failure);
                    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
                    return cause instanceof GroupIdNotFoundException
                            ? CompletableFuture.completedFuture(Map.of())
                            : CompletableFuture.failedFuture(cause);
                });
    }

    /**
     * Where logs begin and end now, in one request for each broker.
     *
     * @param starts partitions whose beginning is wanted
     * @param ends other partitions, whose end is wanted
     * @return fails if Kafka does not return one of them
     */
    public CompletionStage<LogBounds> bounds(Collection<TopicPartition> starts, Collection<TopicPartition> ends) {
        Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
        starts.forEach(partition -> wanted.put(partition, OffsetSpec.earliest()));
        ends.forEach(partition -> wanted.put(partition, OffsetSpec.latest()));
        if (wanted.isEmpty()) {
            return CompletableFuture.completedFuture(new LogBounds(Map.of(), Map.of()));
        }
        try {
            return client.admin()
                    .listOffsets(wanted, new ListOffsetsOptions().timeoutMs(GroupClient.TIMEOUT_MILLIS))
                    .all()
                    .toCompletionStage()
                    .whenComplete((told, failure) -> client.reactTo(failure))
                    .thenApply(told -> new LogBounds(offsetsOf(starts, told), offsetsOf(ends, told)));
        } catch (KafkaException | ConfigurationProblem e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private static Map<TopicPartition, Long> offsetsOf(
            Collection<TopicPartition> partitions, Map<TopicPartition, ListOffsetsResultInfo> told) {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        for (TopicPartition partition : partitions) {
            ListOffsetsResultInfo info = told.get(partition);
            if (info == null) {
                throw new KafkaException("the broker did not return the bounds of " + partition);
            }
            offsets.put(partition, info.offset());
        }
        return offsets;
    }

    @Override
    public void close() {
        client.close();
    }
}
