// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import io.tidemark.outbox.Lsn;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The indexes of all partitions, by topic: a query for a projection's topics does not touch the others. Not
 * thread-safe.
 */
final class PartitionIndexes {

    private final Map<String, Map<TopicPartition, PartitionIndex>> byTopic = new HashMap<>();

    /** Creates the index if it does not exist yet. */
    PartitionIndex of(TopicPartition partition) {
        return ofTopicOrNew(partition.topic()).computeIfAbsent(partition, p -> new PartitionIndex());
    }

    private Map<TopicPartition, PartitionIndex> ofTopicOrNew(String topic) {
        return byTopic.computeIfAbsent(topic, t -> new HashMap<>());
    }

    private Map<TopicPartition, PartitionIndex> ofTopic(String topic) {
        return byTopic.getOrDefault(topic, Collections.emptyMap());
    }

    /** Null for a partition without published events. */
    @Nullable
    PartitionIndex find(TopicPartition partition) {
        return ofTopic(partition.topic()).get(partition);
    }

    /** The partitions of these topics that have published events. */
    Set<TopicPartition> in(Set<String> topics) {
        Set<TopicPartition> partitions = new HashSet<>();
        topics.forEach(topic -> partitions.addAll(ofTopic(topic).keySet()));
        return partitions;
    }

    /**
     * The highest LSN up to which everything is consumed in all of these partitions.
     *
     * @param committed a partition without an offset counts as 0
     */
    Lsn consumedUpTo(Collection<TopicPartition> partitions, Map<TopicPartition, Long> committed, Lsn published) {
        Lsn lowest = published;
        for (TopicPartition partition : partitions) {
            PartitionIndex index = find(partition);
            if (index != null) {
                Lsn consumed = index.consumedUpTo(committed.getOrDefault(partition, 0L), published);
                lowest = consumed.isAfter(lowest) ? lowest : consumed;
            }
        }
        return lowest;
    }

    /** Like {@link #consumedUpTo}, for all partitions of these topics. */
    Lsn consumedUpToIn(Set<String> topics, Map<TopicPartition, Long> committed, Lsn published) {
        Lsn lowest = published;
        for (String topic : topics) {
            Lsn consumed = consumedUpTo(ofTopic(topic).keySet(), committed, published);
            lowest = consumed.isAfter(lowest) ? lowest : consumed;
        }
        return lowest;
    }

    /** Number of stored pairs of LSN and offset. */
    int pairs() {
        return byTopic.values().stream()
                .flatMap(partitions -> partitions.values().stream())
                .mapToInt(PartitionIndex::size)
                .sum();
    }

    void clear() {
        byTopic.clear();
    }
}
