// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.group;

import io.tidemark.outbox.OffsetNotes;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The committed offsets of a group.
 *
 * @param offsets of each partition that has a commit
 * @param rebuilding partitions whose commit carries the group's note that it is rebuilding its projection
 */
public record Committed(Map<TopicPartition, Long> offsets, Set<TopicPartition> rebuilding) {

    /** Of a group that has committed nothing. */
    public static final Committed NOTHING = new Committed(Map.of(), Set.of());

    public Committed {
        offsets = Map.copyOf(offsets);
        rebuilding = Set.copyOf(rebuilding);
    }

    /**
     * Reads Kafka's answer.
     *
     * @param answered null for a partition without a commit
     * @throws KafkaException if a requested partition is missing from the answer: Kafka's client leaves out partitions
     *     for which the broker returned an error, and 0 would be a guess
     */
    static Committed of(Set<TopicPartition> asked, Map<TopicPartition, @Nullable OffsetAndMetadata> answered) {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        Set<TopicPartition> rebuilding = new HashSet<>();
        for (TopicPartition partition : asked) {
            OffsetAndMetadata offset = answered.get(partition);
            if (offset != null) {
                offsets.put(partition, offset.offset());
                if (offset.metadata().equals(OffsetNotes.REBUILDING)) {
                    rebuilding.add(partition);
                }
            } else if (!answered.containsKey(partition)) {
                throw new KafkaException("the broker did not return the committed offset of " + partition);
            }
        }
        return new Committed(offsets, rebuilding);
    }

    /** The part in these topics: other consumers may read other topics with the same group. */
    public Committed in(Set<String> topics) {
        Map<TopicPartition, Long> own = new HashMap<>(offsets);
        own.keySet().removeIf(partition -> !topics.contains(partition.topic()));
        Set<TopicPartition> ownRebuilding = new HashSet<>(rebuilding);
        ownRebuilding.removeIf(partition -> !topics.contains(partition.topic()));
        return new Committed(own, ownRebuilding);
    }

    /** Whether the group is rebuilding its projection. */
    public boolean isRebuilding() {
        return !rebuilding.isEmpty();
    }
}
