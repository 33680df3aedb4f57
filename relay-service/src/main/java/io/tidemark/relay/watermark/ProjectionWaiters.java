package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.position.PublishedIndex;
import io.tidemark.relay.watermark.Answer.Behind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/** The waiters of one projection, and the newest evidence about its group. Confined to the watermark thread, but for {@link #watermark}. */
final class ProjectionWaiters {

    final ProjectionConfig projection;
    final Set<String> topics;
    private final PublishedIndex index;
    private final PriorityQueue<Waiter> parked = new PriorityQueue<>();
    boolean fetching;
    private Map<TopicPartition, Long> committed = Map.of();
    private long fetchedNanos;
    private boolean hasEvidence;
    private String failure = "";
    private Lsn proven = Lsn.ZERO;
    private Map<TopicPartition, Long> provenBy = Map.of();

    ProjectionWaiters(ProjectionConfig projection, PublishedIndex index) {
        this.projection = projection;
        this.topics = Set.copyOf(projection.topics());
        this.index = index;
    }

    void park(Waiter waiter) {
        parked.add(waiter);
    }

    void remove(Waiter waiter) {
        parked.remove(waiter);
    }

    /** Whether somebody waits for the group, not for the source. */
    boolean needsEvidence() {
        Waiter first = parked.peek();
        return first != null && index.published().isAtLeast(first.target);
    }

    /** Takes in fresh offsets and answers whoever they satisfy. */
    void accept(Map<TopicPartition, Long> offsets, long readAtNanos) {
        committed = offsets;
        fetchedNanos = readAtNanos;
        hasEvidence = true;
        Lsn watermark = watermark(offsets);
        failure = "";
        for (Waiter first = parked.peek(); first != null && watermark.isAtLeast(first.target); first = parked.peek()) {
            parked.remove();
            first.answer.complete(new Answer.Success(first.waitedMillis(), index.published(), evidenceAgeMillis()));
        }
        List<Waiter> impatient = parked.stream()
                .filter(waiter -> waiter.answersNow && hasEvidenceFor(waiter))
                .toList();
        impatient.forEach(waiter -> {
            parked.remove(waiter);
            waiter.answer.complete(notYet(waiter));
        });
    }

    /** Kafka did not tell the offsets. */
    void failed(Throwable cause) {
        failure = ": " + (cause.getMessage() == null ? cause : cause.getMessage());
    }

    /**
     * The highest LSN up to which the group has consumed everything. What was once so stays so until a committed offset
     * goes back, also when the index has since become coarser.
     */
    synchronized Lsn watermark(Map<TopicPartition, Long> offsets) {
        Lsn computed = index.watermark(topics, offsets);
        boolean rewound = provenBy.entrySet().stream()
                .anyMatch(entry -> offsets.getOrDefault(entry.getKey(), 0L) < entry.getValue());
        if (rewound || computed.isAfter(proven)) {
            proven = computed;
            provenBy = Map.copyOf(offsets);
        }
        return proven;
    }

    /** Whether there is something to say to it: the source is behind anyway, or offsets were read since it came. */
    boolean hasEvidenceFor(Waiter waiter) {
        return waiter.target.isAfter(index.published()) || (hasEvidence && fetchedNanos - waiter.sinceNanos >= 0);
    }

    /** What there is to say to a waiter whose time is over. */
    Answer notYet(Waiter waiter) {
        Lsn published = index.published();
        if (waiter.target.isAfter(published)) {
            return new Answer.SourceBehind(waiter.waitedMillis(), published);
        }
        if (!hasEvidenceFor(waiter)) {
            return new Answer.Unavailable(
                    "Kafka did not tell the offsets of group " + projection.group() + " in time" + failure);
        }
        return new Answer.ProjectionBehind(
                waiter.waitedMillis(), published, behind(waiter.target, committed), evidenceAgeMillis());
    }

    List<Behind> behind(Lsn target, Map<TopicPartition, Long> offsets) {
        List<Behind> behind = new ArrayList<>();
        for (TopicPartition partition : index.partitionsOf(topics)) {
            long need = index.need(partition, target);
            long have = offsets.getOrDefault(partition, 0L);
            if (have < need) {
                behind.add(new Behind(partition.topic(), partition.partition(), need, have));
            }
        }
        behind.sort(Comparator.comparing(Behind::topic).thenComparingInt(Behind::partition));
        return behind;
    }

    /** Answers everyone, and forgets what is known of the group. */
    synchronized void forget(Answer answer) {
        parked.forEach(waiter -> waiter.answer.complete(answer));
        parked.clear();
        hasEvidence = false;
        proven = Lsn.ZERO;
        provenBy = Map.of();
    }

    private long evidenceAgeMillis() {
        return (System.nanoTime() - fetchedNanos) / 1_000_000;
    }
}
