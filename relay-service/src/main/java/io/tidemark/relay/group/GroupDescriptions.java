// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.group;

import io.tidemark.relay.declared.GroupReading;
import io.tidemark.relay.declared.GroupReading.Kind;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.DescribeShareGroupsOptions;
import org.apache.kafka.clients.admin.DescribeStreamsGroupsOptions;
import org.apache.kafka.clients.admin.StreamsGroupDescription;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.UnsupportedVersionException;

/**
 * The kind of a group and what its members read, for every group protocol. Kafka describes a group only to a request of
 * the matching kind. A group that is not a consumer group is therefore requested as a streams group, then as a share
 * group.
 */
final class GroupDescriptions {

    private static final Described NONE = new Described(Kind.ABSENT, 0, false, Set.of());

    private GroupDescriptions() {}

    /** A group without its offsets. */
    record Described(Kind kind, int members, boolean isSettled, Set<String> assigned) {

        GroupReading with(Map<TopicPartition, Long> committed) {
            return new GroupReading(kind, members, isSettled, assigned, committed);
        }
    }

    /** @param asConsumers Kafka's answer to the request for a consumer group */
    static CompletionStage<Described> of(Admin admin, String group, KafkaFuture<ConsumerGroupDescription> asConsumers) {
        CompletionStage<Described> known = asConsumers.toCompletionStage().thenApply(GroupDescriptions::ofConsumers);
        return orElse(
                known,
                () -> orElse(
                        asStreams(admin, group),
                        () -> orElse(asShare(admin, group), () -> CompletableFuture.completedFuture(NONE))));
    }

    private static CompletionStage<Described> orElse(
            CompletionStage<Described> told, Supplier<CompletionStage<Described>> otherwise) {
        return told.exceptionallyCompose(failure -> {
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            return cause instanceof GroupIdNotFoundException || cause instanceof UnsupportedVersionException
                    ? otherwise.get()
                    : CompletableFuture.failedFuture(cause);
        });
    }

    private static Described ofConsumers(ConsumerGroupDescription group) {
        if (group.groupState() == GroupState.DEAD) {
            return NONE; // older brokers report an unknown group as DEAD
        }
        Set<String> assigned = new HashSet<>();
        group.members()
                .forEach(member ->
                        member.assignment().topicPartitions().forEach(partition -> assigned.add(partition.topic())));
        return new Described(
                group.isSimpleConsumerGroup() ? Kind.SELF_ASSIGNING : Kind.SUBSCRIBING,
                group.members().size(),
                group.groupState() == GroupState.STABLE,
                assigned);
    }

    private static CompletionStage<Described> asStreams(Admin admin, String group) {
        DescribeStreamsGroupsOptions options = new DescribeStreamsGroupsOptions().timeoutMs(GroupClient.TIMEOUT_MILLIS);
        return Objects.requireNonNull(admin.describeStreamsGroups(List.of(group), options)
                        .describedGroups()
                        .get(group))
                .toCompletionStage()
                .thenApply(GroupDescriptions::ofStreams);
    }

    /** The tasks of a member name parts of the topology. The group reads the source topics of those parts. */
    private static Described ofStreams(StreamsGroupDescription group) {
        Map<String, List<String>> sources = new HashMap<>();
        group.subtopologies().forEach(part -> sources.put(part.subtopologyId(), part.sourceTopics()));
        Set<String> assigned = new HashSet<>();
        group.members()
                .forEach(member -> member.assignment()
                        .activeTasks()
                        .forEach(tasks -> assigned.addAll(sources.getOrDefault(tasks.subtopologyId(), List.of()))));
        return new Described(
                Kind.SUBSCRIBING, group.members().size(), group.groupState() == GroupState.STABLE, assigned);
    }

    private static CompletionStage<Described> asShare(Admin admin, String group) {
        DescribeShareGroupsOptions options = new DescribeShareGroupsOptions().timeoutMs(GroupClient.TIMEOUT_MILLIS);
        return Objects.requireNonNull(admin.describeShareGroups(List.of(group), options)
                        .describedGroups()
                        .get(group))
                .toCompletionStage()
                .thenApply(share -> new Described(Kind.SHARE, share.members().size(), false, Set.of()));
    }
}
