// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.evidence;

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
 * The newest offsets seen of one group, and what follows from them and the index. Confined to the watermark thread,
 * except where noted.
 */
public final class GroupEvidence {

    private static final Comparator<PartitionNeed> ORDER =
            Comparator.comparing(PartitionNeed::topic).thenComparingInt(PartitionNeed::partition);

    private final Set<String> topics;
    private final PublishedIndex index;
    private final GroupHistory history;
    private final LogEvidence logs = new LogEvidence();
    private final VisibleWatermark visible;

    private Map<TopicPartition, Long> committed = Map.of();
    private long fetchedNanos;
    private long acceptedNanos;
    private boolean isThere;
    private Lsn proven = Lsn.ZERO;
    private long provenIn;
    private Map<TopicPartition, Long> provenBy = Map.of();

    /** @param visibleAfterNanos how long after its commit was seen an effect can be read */
    public GroupEvidence(Set<String> topics, PublishedIndex index, GroupHistory history, long visibleAfterNanos) {
        this.visible = new VisibleWatermark(visibleAfterNanos);
        this.topics = topics;
        this.index = index;
        this.history = history;
    }

    /**
     * Accepts the offsets, unless newer ones were accepted first. Waits and status requests ask Kafka at the same time,
     * and the answers may arrive out of order. Lower offsets that were requested before the known ones arrived do not
     * prove that the group has gone back. The next request shows whether it has.
     *
     * @return whether the offsets were accepted
     */
    public boolean accept(Committed read, long readAtNanos) {
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

    /** Accepts the bounds of the logs. */
    public void accept(LogBounds bounds, long askedNanos) {
        logs.accept(bounds, askedNanos, committed, acceptedNanos);
        seeMoves(askedNanos);
    }

    /**
     * Records how the group has moved. Where it has no commit, this is known only once the beginning of the log is
     * known.
     */
    private void seeMoves(long nowNanos) {
        visible.see(watermark(committed), System.nanoTime());
        if (logs.hasStartsOf(uncommitted())) {
            history.see(logs.consumed(committed), behind(index.published(), committed), nowNanos);
        }
    }

    /**
     * Partitions with events in which the group has committed nothing. The beginning of their logs decides what is
     * consumed.
     */
    public Set<TopicPartition> uncommitted() {
        Set<TopicPartition> partitions = index.partitionsOf(topics);
        partitions.removeAll(committed.keySet());
        return partitions;
    }

    /** The committed offsets seen last. The ends of their logs show whether they are possible. */
    public Map<TopicPartition, Long> committed() {
        return committed;
    }

    /** Whether the offsets were requested at that time or later. */
    public boolean isSince(long nanos) {
        return isThere && fetchedNanos - nanos >= 0;
    }

    /** Whether the bounds of the logs were requested at that time or later. */
    public boolean isLookedAtSince(long nanos) {
        return logs.isSince(nanos);
    }

    /**
     * Whether the beginning of every log without a commit was looked at, at that time or later. Without this, "not
     * consumed" is not certain.
     */
    public boolean startsAreKnownSince(long nanos) {
        Set<TopicPartition> uncommitted = uncommitted();
        return uncommitted.isEmpty() || (logs.isSince(nanos) && logs.hasStartsOf(uncommitted));
    }

    /**
     * Whether the end of every log with a commit was looked at, at that time or later, and shows whether the offset is
     * possible.
     */
    public boolean endsAreKnownSince(long nanos) {
        return committed.isEmpty() || (logs.isSince(nanos) && logs.endsFit(committed, acceptedNanos));
    }

    /** Whether the needed beginning or end of each log has been seen, at any time. */
    public boolean fitsItsLogs() {
        return logs.hasStartsOf(uncommitted()) && logs.endsFit(committed, acceptedNanos);
    }

    /** A committed offset that is not possible; empty if there is none. */
    public Optional<BeyondEnd> beyondEnd() {
        return logs.beyondEnd();
    }

    public long ageMillis() {
        return (System.nanoTime() - fetchedNanos) / 1_000_000;
    }

    /** The watermark by the offsets seen last. */
    public Lsn watermark() {
        return watermark(committed);
    }

    /** Everything at or below it is consumed, and can be read by now. Not above {@link #watermark()}. */
    public Lsn visible() {
        return visible.at(System.nanoTime(), watermark());
    }

    /**
     * The highest LSN up to which a group with these offsets has consumed everything. It decreases only if an offset
     * goes back; a coarser index does not lower it.
     */
    public synchronized Lsn watermark(Map<TopicPartition, Long> read) {
        if (provenIn != index.generation()) {
            provenIn = index.generation();
            history.forget();
            logs.clear();
            visible.clear();
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

    /** The LSN above which waiting does not help now; one computation for all waiters. */
    public Optional<Lsn> noProgressAbove(Lsn watermark) {
        if (logs.beyondEnd().isPresent()) {
            return Optional.of(watermark); // until the offset is set back, whatever else the group consumes
        }
        return switch (history.state()) {
            case STOPPED, REBUILDING -> Optional.of(watermark);
            case STALLED -> Optional.of(index.consumedUpTo(history.still(), logs.consumed(committed)));
            case RUNNING, LAGGING, UNKNOWN -> Optional.empty();
        };
    }

    /** The {@link #needs} of partitions in which something is still to be consumed. */
    public List<PartitionNeed> behind(Lsn target, Map<TopicPartition, Long> read) {
        return needs(target, read).stream()
                .filter(partition -> !partition.isMet())
                .toList();
    }

    /**
     * For every partition that needs something for {@code target}: the needed offset and the group's offset. On any
     * thread.
     */
    public List<PartitionNeed> needs(Lsn target, Map<TopicPartition, Long> read) {
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

    /** Forgets everything except what the group had consumed, which stays consumed. */
    public synchronized void forget() {
        isThere = false;
        history.forget();
    }
}
