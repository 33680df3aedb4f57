package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.group.GroupHistory;
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

    /** Takes in what was read. */
    void accept(Map<TopicPartition, Long> offsets, long readAtNanos) {
        committed = offsets;
        fetchedNanos = readAtNanos;
        acceptedNanos = System.nanoTime();
        isThere = true;
    }

    /**
     * Whoever waits and whoever looks ask Kafka at the same time, and the answers may come in another order than they
     * were read. One that is lower, and was asked for before the other came, does not tell whether the group has gone
     * back: the next one does.
     */
    boolean overtakes(Map<TopicPartition, Long> offsets, long readAtNanos) {
        return isThere
                && readAtNanos - acceptedNanos < 0
                && committed.entrySet().stream()
                        .anyMatch(known -> offsets.getOrDefault(known.getKey(), 0L) < known.getValue());
    }

    /** The offsets that were seen last. */
    Map<TopicPartition, Long> committed() {
        return committed;
    }

    /** Whether the offsets were asked for at that time or later. */
    boolean isSince(long nanos) {
        return isThere && fetchedNanos - nanos >= 0;
    }

    long ageMillis() {
        return (System.nanoTime() - fetchedNanos) / 1_000_000;
    }

    /** By the offsets that were seen last. */
    Lsn watermark() {
        return watermark(committed);
    }

    /**
     * The highest LSN up to which the group has consumed everything. What was once so stays so until a committed offset
     * goes back, also when the index has since become coarser.
     */
    synchronized Lsn watermark(Map<TopicPartition, Long> offsets) {
        if (provenIn != index.generation()) {
            provenIn = index.generation();
            history.forget();
            proven = Lsn.ZERO;
            provenBy = Map.of();
        }
        Lsn computed = index.watermark(topics, offsets);
        boolean rewound = provenBy.entrySet().stream()
                .anyMatch(entry -> offsets.getOrDefault(entry.getKey(), 0L) < entry.getValue());
        if (rewound || computed.isAfter(proven)) {
            proven = computed;
            provenBy = Map.copyOf(offsets);
        }
        return proven;
    }

    /** Above which LSN waiting is in vain for now; one look for all who wait. */
    Optional<Lsn> noProgressAbove(Lsn watermark) {
        return switch (history.state()) {
            case STOPPED, REBUILDING -> Optional.of(watermark);
            case STALLED -> Optional.of(index.consumedUpTo(history.still(), committed));
            case RUNNING, LAGGING, UNKNOWN -> Optional.empty();
        };
    }

    List<PartitionNeed> behind(Lsn target, Map<TopicPartition, Long> offsets) {
        return needs(target, offsets).stream()
                .filter(partition -> partition.have() < partition.need())
                .toList();
    }

    /** In every partition that needs something for {@code target}: how much, and what the group has; on any thread. */
    List<PartitionNeed> needs(Lsn target, Map<TopicPartition, Long> offsets) {
        return index.partitionsOf(topics).stream()
                .map(partition -> new PartitionNeed(
                        partition.topic(),
                        partition.partition(),
                        index.need(partition, target),
                        offsets.getOrDefault(partition, 0L)))
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
