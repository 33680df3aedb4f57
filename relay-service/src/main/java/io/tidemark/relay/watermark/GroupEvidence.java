// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.group.Committed;
import io.tidemark.relay.group.GroupHistory;
import io.tidemark.relay.group.LogBounds;
import io.tidemark.relay.group.PartitionNeed;
import io.tidemark.relay.index.PublishedIndex;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/**
 * The newest offsets of one group that were seen, and what follows from them by the index. Confined to the watermark
 * thread, but where said.
 */
final class GroupEvidence {

    private static final Comparator<PartitionNeed> ORDER =
            Comparator.comparing(PartitionNeed::topic).thenComparingInt(PartitionNeed::partition);

    private final Set<String> topics;
    private final PublishedIndex index;
    private final GroupHistory history;
    private final LogEvidence logs = new LogEvidence();

    private Map<TopicPartition, Long> committed = Map.of();
    private long fetchedNanos;
    private long acceptedNanos;
    private boolean isThere;
    private Lsn proven = Lsn.ZERO;
    private long provenIn;
    private Map<TopicPartition, Long> provenBy = Map.of();

    GroupEvidence(Set<String> topics, PublishedIndex index, GroupHistory history) {
        this.topics = topics;
        this.index = index;
        this.history = history;
    }

    /**
     * Takes in what was read, unless it has been overtaken: whoever waits and whoever looks ask Kafka at the same time,
     * and the answers may come in another order than they were read. One that is lower, and was asked for before the
     * other came, does not tell whether the group has gone back: the next one does.
     *
     * @return whether it was taken in
     */
    boolean accept(Committed read, long readAtNanos) {
        Map<TopicPartition, Long> offsets = read.offsets();
        if (isThere && readAtNanos - acceptedNanos < 0 && isBelow(offsets, committed)) {
            return false;
        }
        committed = offsets;
        fetchedNanos = readAtNanos;
        acceptedNanos = System.nanoTime();
        isThere = true;
        logs.compare(committed, acceptedNanos);
        history.seeRebuilding(read.isRebuilding());
        seeMoves(fetchedNanos);
        return true;
    }

    private static boolean isBelow(Map<TopicPartition, Long> offsets, Map<TopicPartition, Long> known) {
        return known.entrySet().stream().anyMatch(entry -> offsets.getOrDefault(entry.getKey(), 0L) < entry.getValue());
    }

    /** Takes in where the logs begin and end. */
    void accept(LogBounds bounds, long askedNanos) {
        logs.accept(bounds, askedNanos, committed, acceptedNanos);
        seeMoves(askedNanos);
    }

    /** How the group has moved; where it has no commit, that is not known before the beginning of the log is. */
    private void seeMoves(long nowNanos) {
        watermark(committed);
        if (logs.hasStartsOf(uncommitted())) {
            history.see(logs.consumed(committed), behind(index.published(), committed), nowNanos);
        }
    }

    /** Partitions with events in which the group has committed nothing: where they begin decides. */
    Set<TopicPartition> uncommitted() {
        Set<TopicPartition> partitions = index.partitionsOf(topics);
        partitions.removeAll(committed.keySet());
        return partitions;
    }

    /** The committed offsets that were seen last: where their logs end shows whether they can be. */
    Map<TopicPartition, Long> committed() {
        return committed;
    }

    /** Whether the offsets were asked for at that time or later. */
    boolean isSince(long nanos) {
        return isThere && fetchedNanos - nanos >= 0;
    }

    /** Whether it was asked at that time or later where the logs begin and end. */
    boolean isLookedAtSince(long nanos) {
        return logs.isSince(nanos);
    }

    /** Whether it has been seen, then or later, that the group cannot do with less: a no is one then. */
    boolean startsAreKnownSince(long nanos) {
        Set<TopicPartition> uncommitted = uncommitted();
        return uncommitted.isEmpty() || (logs.isSince(nanos) && logs.hasStartsOf(uncommitted));
    }

    /** Whether it has been seen, then or later, that the logs are as long as the group has committed, or that one is not. */
    boolean endsAreKnownSince(long nanos) {
        return committed.isEmpty() || (logs.isSince(nanos) && logs.endsFit(committed, acceptedNanos));
    }

    /** Whether it has been seen, at whatever time, where each log begins or ends. */
    boolean fitsItsLogs() {
        return logs.hasStartsOf(uncommitted()) && logs.endsFit(committed, acceptedNanos);
    }

    /** A committed offset that cannot be one; empty when there is none. */
    Optional<LogEvidence.Beyond> beyondEnd() {
        return logs.beyondEnd();
    }

    long ageMillis() {
        return (System.nanoTime() - fetchedNanos) / 1_000_000;
    }

    /** By the offsets that were seen last. */
    Lsn watermark() {
        return watermark(committed);
    }

    /**
     * The highest LSN up to which a group that has committed this has consumed everything. What was once so stays so until
     * an offset goes back, also when the index has since become coarser.
     */
    synchronized Lsn watermark(Map<TopicPartition, Long> read) {
        if (provenIn != index.generation()) {
            provenIn = index.generation();
            history.forget();
            logs.clear();
            proven = Lsn.ZERO;
            provenBy = Map.of();
        }
        Map<TopicPartition, Long> offsets = logs.consumed(read);
        Lsn computed = index.watermark(topics, offsets);
        if (isBelow(offsets, provenBy) || computed.isAfter(proven)) {
            proven = computed;
            provenBy = Map.copyOf(offsets);
        }
        return proven;
    }

    /** Above which LSN waiting is in vain for now; one look for all who wait. */
    Optional<Lsn> noProgressAbove(Lsn watermark) {
        return switch (history.state()) {
            case STOPPED, REBUILDING -> Optional.of(watermark);
            case STALLED -> Optional.of(index.consumedUpTo(history.still(), logs.consumed(committed)));
            case RUNNING, LAGGING, UNKNOWN -> Optional.empty();
        };
    }

    /** What {@link #needs} says of partitions in which something is still to be consumed. */
    List<PartitionNeed> behind(Lsn target, Map<TopicPartition, Long> read) {
        return needs(target, read).stream()
                .filter(partition -> !partition.isMet())
                .toList();
    }

    /** In every partition that needs something for {@code target}: how much, and what the group has; on any thread. */
    List<PartitionNeed> needs(Lsn target, Map<TopicPartition, Long> read) {
        Map<TopicPartition, Long> offsets = logs.consumed(read);
        return index.partitionsOf(topics).stream()
                .map(partition -> new PartitionNeed(
                        partition.topic(),
                        partition.partition(),
                        index.need(partition, target),
                        offsets.getOrDefault(partition, 0L),
                        read.containsKey(partition) ? "" : PartitionNeed.NO_COMMIT))
                .filter(partition -> partition.need() > 0)
                .sorted(ORDER)
                .toList();
    }

    /** What the group had consumed it has still consumed; all else is forgotten. */
    synchronized void forget() {
        isThere = false;
        history.forget();
    }
}
