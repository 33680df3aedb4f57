// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.relay.group.LogBounds;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.TopicPartition;

/**
 * Where the logs of one projection begin and end, as seen last, and what that says of its group's offsets. Below the
 * beginning there is nothing left to consume; beyond the end nothing can have been consumed. Confined to the watermark
 * thread, but where said.
 */
final class LogEvidence {

    /** A committed offset that cannot be one: Kafka has lost what was there, or somebody has set it. */
    record Beyond(TopicPartition partition, long committed, long end) {}

    /** Of partitions that were seen without a commit; a log's beginning never goes back. */
    private volatile Map<TopicPartition, Long> starts = Map.of();

    private Map<TopicPartition, Long> ends = Map.of();
    private long askedNanos;
    private boolean isThere;
    private final Map<TopicPartition, Beyond> beyond = new HashMap<>();

    /**
     * Takes in what Kafka has told.
     *
     * @param committedNanos when the offsets were taken in: only an end that was asked for later can be too low for them
     */
    void accept(LogBounds bounds, long readAtNanos, Map<TopicPartition, Long> committed, long committedNanos) {
        Map<TopicPartition, Long> merged = new HashMap<>(starts);
        bounds.starts().forEach((partition, start) -> merged.merge(partition, start, Math::max));
        starts = Map.copyOf(merged);
        if (!isThere || readAtNanos - askedNanos >= 0) {
            ends = bounds.ends();
            askedNanos = readAtNanos;
            isThere = true;
        }
        compare(committed, committedNanos);
    }

    /**
     * The log may have grown past such an offset since, which proves nothing of what the group has read: it counts again
     * once the group has committed another.
     */
    void compare(Map<TopicPartition, Long> committed, long committedNanos) {
        beyond.keySet().retainAll(committed.keySet());
        ends.forEach((partition, end) -> {
            long offset = committed.getOrDefault(partition, 0L);
            if (offset > end && askedNanos - committedNanos >= 0) {
                beyond.put(partition, new Beyond(partition, offset, end));
            } else if (offset <= end) {
                beyond.values().removeIf(known -> known.partition().equals(partition) && known.committed() != offset);
            }
        });
    }

    /** Whether they were asked for at that time or later. */
    boolean isSince(long nanos) {
        return isThere && askedNanos - nanos >= 0;
    }

    boolean hasStartsOf(Collection<TopicPartition> partitions) {
        return starts.keySet().containsAll(partitions);
    }

    /** Whether each of these offsets is known to lie in its log, or known not to. */
    boolean endsFit(Map<TopicPartition, Long> committed, long committedNanos) {
        return committed.entrySet().stream().allMatch(entry -> {
            Long end = ends.get(entry.getKey());
            return end != null && (entry.getValue() <= end || askedNanos - committedNanos >= 0);
        });
    }

    /** The first of the offsets that cannot be; empty when there is none. */
    Optional<Beyond> beyondEnd() {
        return beyond.values().stream()
                .min(Comparator.comparing((Beyond one) -> one.partition().topic())
                        .thenComparing(one -> one.partition().partition()));
    }

    /**
     * What a group has consumed that has committed this: where it has committed nothing, everything that nobody can read
     * any more. On any thread.
     */
    Map<TopicPartition, Long> consumed(Map<TopicPartition, Long> committed) {
        Map<TopicPartition, Long> consumed = new HashMap<>(starts);
        consumed.putAll(committed);
        return consumed;
    }

    /** It is about other logs now. */
    void clear() {
        starts = Map.of();
        ends = Map.of();
        isThere = false;
        beyond.clear();
    }
}
