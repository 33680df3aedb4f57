// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.evidence;

import io.tidemark.relay.group.LogBounds;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.TopicPartition;

/**
 * The bounds of one projection's logs, as seen last, and what they show about the offsets of its group. Below the
 * beginning of a log, nothing is left to consume. BeyondEnd its end, nothing can have been consumed. Confined to the
 * watermark thread, except where noted.
 */
final class LogEvidence {

    /** Of partitions seen without a commit. The beginning of a log never goes back. */
    private volatile Map<TopicPartition, Long> starts = Map.of();

    private Map<TopicPartition, Long> ends = Map.of();
    private long askedNanos;
    private boolean isThere;
    private final Map<TopicPartition, BeyondEnd> beyond = new HashMap<>();

    /**
     * Accepts the bounds that Kafka returned.
     *
     * @param committedNanos when the offsets were accepted; only an end that was requested later can show that an
     *     offset is too high
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
     * Compares offsets with the ends of their logs. An offset found beyond the end stays refused, even if the log has
     * grown past it since: that growth does not prove that the group has read the records. The partition counts again
     * once the group has committed another offset.
     */
    void compare(Map<TopicPartition, Long> committed, long committedNanos) {
        beyond.keySet().retainAll(committed.keySet());
        ends.forEach((partition, end) -> {
            long offset = committed.getOrDefault(partition, 0L);
            if (offset > end && askedNanos - committedNanos >= 0) {
                beyond.put(partition, new BeyondEnd(partition, offset, end));
            } else if (offset <= end) {
                beyond.values().removeIf(known -> known.partition().equals(partition) && known.committed() != offset);
            }
        });
    }

    /** Whether the bounds were requested at that time or later. */
    boolean isSince(long nanos) {
        return isThere && askedNanos - nanos >= 0;
    }

    boolean hasStartsOf(Collection<TopicPartition> partitions) {
        return starts.keySet().containsAll(partitions);
    }

    /** Whether each of these offsets is known to be within its log, or known not to be. */
    boolean endsFit(Map<TopicPartition, Long> committed, long committedNanos) {
        return committed.entrySet().stream().allMatch(entry -> {
            Long end = ends.get(entry.getKey());
            return end != null
                    && (entry.getValue() <= end
                            || askedNanos - committedNanos >= 0
                            || isKnownBeyond(entry.getKey(), entry.getValue()));
        });
    }

    /** Kafka returns an offset again and again while somebody waits; it need not be found again each time. */
    private boolean isKnownBeyond(TopicPartition partition, long committed) {
        BeyondEnd known = beyond.get(partition);
        return known != null && known.committed() == committed;
    }

    /** The first of the offsets that are not possible; empty if there is none. */
    Optional<BeyondEnd> beyondEnd() {
        return beyond.values().stream()
                .min(Comparator.comparing((BeyondEnd one) -> one.partition().topic())
                        .thenComparing(one -> one.partition().partition()));
    }

    /**
     * The consumed offsets of a group with these committed offsets. Where it has committed nothing, everything that can
     * no longer be read counts as consumed. On any thread.
     */
    Map<TopicPartition, Long> consumed(Map<TopicPartition, Long> committed) {
        Map<TopicPartition, Long> consumed = new HashMap<>(starts);
        consumed.putAll(committed);
        return consumed;
    }

    /** Forgets everything: the logs are other ones now. */
    void clear() {
        starts = Map.of();
        ends = Map.of();
        isThere = false;
        beyond.clear();
    }
}
