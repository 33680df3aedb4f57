// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.declared;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;

/**
 * The topics that a group reads, as Kafka reports them at one moment.
 *
 * @param kind the kind of group that Kafka reports
 * @param members 0 while its consumers are away, and for consumers that assign partitions themselves
 * @param isSettled whether {@code assigned} is complete: false during a rebalance
 * @param assigned topics of which a member has a partition
 * @param committed every offset that the group has committed, in any topic
 */
public record GroupReading(
        Kind kind, int members, boolean isSettled, Set<String> assigned, Map<TopicPartition, Long> committed) {

    /** The kind of group that Kafka reports. */
    public enum Kind {
        /** Kafka does not know the group. */
        ABSENT,
        /** Consumers that subscribe, or a Kafka Streams application: while running, they are members. */
        SUBSCRIBING,
        /** Consumers that assign partitions themselves: they commit without ever being members. */
        SELF_ASSIGNING,
        /** A share group (KIP-932), which acknowledges records one by one and commits no offsets. */
        SHARE
    }

    public GroupReading {
        assigned = Set.copyOf(assigned);
        committed = Map.copyOf(committed);
    }

    boolean isFound() {
        return kind != Kind.ABSENT;
    }

    /** The topics in which the group has committed. */
    Set<String> committedTopics() {
        return committed.keySet().stream().map(TopicPartition::topic).collect(Collectors.toSet());
    }

    GroupReading withoutOffsetsIn(Set<String> topics) {
        Map<TopicPartition, Long> others = new HashMap<>(committed);
        others.keySet().removeIf(partition -> topics.contains(partition.topic()));
        return new GroupReading(kind, members, isSettled, assigned, others);
    }
}
