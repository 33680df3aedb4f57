package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.declared.Footing;
import io.tidemark.relay.declared.Grounds;
import io.tidemark.relay.declared.GroupReading;
import io.tidemark.relay.declared.TopicsSeen;
import io.tidemark.relay.group.Committed;
import io.tidemark.relay.group.GroupHistory;
import io.tidemark.relay.group.PartitionNeed;
import io.tidemark.relay.index.PublishedIndex;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.TopicPartition;

/** The waiters of one projection, and the newest evidence about its group. Confined to the watermark thread, but where said. */
final class ProjectionWaiters {

    private static final Comparator<PartitionNeed> ORDER =
            Comparator.comparing(PartitionNeed::topic).thenComparingInt(PartitionNeed::partition);

    private final ProjectionConfig projection;
    private final Set<String> topics;
    private final PublishedIndex index;
    private final PriorityQueue<Waiter> parked = new PriorityQueue<>();
    /** Those whose wait is over: to be answered with the first evidence, whatever it says. */
    private final Set<Waiter> urgent = new HashSet<>();

    /** How many wait; on any thread. */
    private final AtomicInteger waiting = new AtomicInteger();

    private final GroupHistory history;
    private boolean isFetching;
    private final Grounds grounds;
    private String sampleFailure = "";
    /** A {@code success} hangs on what the group reads, which has to be asked anew. */
    private boolean needsSample;

    private Map<TopicPartition, Long> committed = Map.of();
    private long fetchedNanos;
    private long acceptedNanos;
    private boolean hasEvidence;
    private String failure = "";
    private Lsn proven = Lsn.ZERO;
    private long provenIn;
    private Map<TopicPartition, Long> provenBy = Map.of();

    ProjectionWaiters(ProjectionConfig projection, PublishedIndex index, Grounds grounds) {
        this.projection = projection;
        this.grounds = grounds;
        this.topics = Set.copyOf(projection.topics());
        this.index = index;
        this.history = new GroupHistory(projection.stalledAfter().toJavaDuration());
    }

    ProjectionConfig projection() {
        return projection;
    }

    String group() {
        return projection.group();
    }

    /** The declared ones. */
    Set<String> topics() {
        return topics;
    }

    /**
     * On any thread.
     *
     * @return how many wait with this one
     */
    int enterWait() {
        return waiting.incrementAndGet();
    }

    /** On any thread. */
    void leaveWait() {
        waiting.decrementAndGet();
    }

    /** @return false when the group's offsets have been asked for already */
    boolean beginFetch() {
        boolean begins = !isFetching;
        isFetching = true;
        return begins;
    }

    void endFetch() {
        isFetching = false;
    }

    /** What the group reads; whoever cannot be answered any more because of it is told so. */
    void seeGroup(GroupReading reading, long askedNanos) {
        history.seeMembers(reading.members(), System.nanoTime());
        grounds.seeGroup(reading, askedNanos);
        sampleFailure = "";
        refuseAll();
    }

    /** Kafka's topics were looked at; whoever cannot be answered any more because of it is told so. */
    void seeTopics(TopicsSeen topics) {
        grounds.seeTopics(topics);
        refuseAll();
    }

    private void refuseAll() {
        grounds.refusal().ifPresent(reason -> {
            parked.forEach(waiter -> waiter.complete(Answer.Refused.unknown(reason)));
            clear();
        });
    }

    /** Why nothing can be said of it; empty when something can. */
    Optional<String> refusal() {
        return grounds.refusal();
    }

    /** Kafka did not tell what the group reads. */
    void sampleFailed(Throwable cause) {
        sampleFailure = ": " + (cause.getMessage() == null ? cause : cause.getMessage());
    }

    /** How the group is doing, as far as this replica has seen. */
    GroupHistory history() {
        return history;
    }

    void park(Waiter waiter) {
        parked.add(waiter);
    }

    /** From now on the first evidence will do. */
    void answerOnNextEvidence(Waiter waiter) {
        urgent.add(waiter);
    }

    /**
     * It is known now that its token is not ahead. Its nudge may have been published meanwhile: then the group's offsets
     * decide, which are on their way.
     */
    void answerIfUrgent(Waiter waiter) {
        if (urgent.contains(waiter) && hasEvidenceFor(waiter)) {
            answer(waiter, answerNow(waiter));
        }
    }

    /** Answers it, unless it has been answered. */
    void answer(Waiter waiter, Answer answer) {
        if (!waiter.answer.isDone()) {
            remove(waiter);
            waiter.complete(answer);
        }
    }

    void remove(Waiter waiter) {
        parked.remove(waiter);
        urgent.remove(waiter);
    }

    private void clear() {
        parked.clear();
        urgent.clear();
    }

    /** Whether somebody waits for the group, not for the source. */
    boolean needsEvidence() {
        Waiter first = parked.peek();
        return first != null && index.published().isAtLeast(first.target);
    }

    /**
     * Takes in fresh offsets and answers whoever they satisfy; nobody, where they have been overtaken by others.
     *
     * @param readAtNanos when Kafka was asked
     * @return those of its own topics; the ones known before where those have been overtaken
     */
    Map<TopicPartition, Long> accept(Committed ofGroup, long readAtNanos) {
        Committed read = ofGroup.in(topics);
        Map<TopicPartition, Long> offsets = read.offsets();
        if (isOvertaken(offsets, readAtNanos)) {
            return committed;
        }
        committed = offsets;
        fetchedNanos = readAtNanos;
        acceptedNanos = System.nanoTime();
        hasEvidence = true;
        Lsn watermark = watermark(offsets);
        history.seeRebuilding(read.isRebuilding());
        history.see(offsets, behind(index.published(), offsets), readAtNanos);
        failure = "";
        Set<Waiter> held = answerConsumed(watermark, grounds.footing(offsets, System.nanoTime()));
        needsSample = !held.isEmpty();
        Lsn published = index.published();
        List<Waiter> leaving = noProgressAbove(watermark, offsets)
                .map(stuck -> parked.stream().filter(waiter -> urgent.contains(waiter) || waiter.target.isAfter(stuck)))
                .orElseGet(urgent::stream)
                .filter(waiter -> published.isAtLeast(waiter.target))
                .filter(waiter -> hasOffsetsFor(waiter) && !held.contains(waiter))
                .toList();
        leaving.forEach(waiter -> {
            remove(waiter);
            waiter.complete(answerNow(waiter));
        });
        return offsets;
    }

    /**
     * Answers those whose token is consumed.
     *
     * @return those of them that are not answered yet: what the group reads has to be asked anew first
     */
    private Set<Waiter> answerConsumed(Lsn watermark, Footing footing) {
        Set<Waiter> held = new HashSet<>();
        for (Waiter first = parked.peek(); first != null && watermark.isAtLeast(first.target); first = parked.peek()) {
            parked.remove();
            if (isOutdated(footing, first.sinceNanos)) {
                held.add(first);
            } else {
                urgent.remove(first);
                first.complete(consumed(first, footing));
            }
        }
        parked.addAll(held);
        return held;
    }

    /** Whether a question that was asked then needs a newer look at the group than this. */
    private static boolean isOutdated(Footing footing, long sinceNanos) {
        return footing instanceof Footing.Unseen
                || (footing instanceof Footing.Hollow hollow && hollow.seenNanos() - sinceNanos < 0);
    }

    private Answer consumed(Waiter waiter, Footing footing) {
        return footing instanceof Footing.Firm ? success(waiter) : hollow(footing);
    }

    private Answer hollow(Footing footing) {
        return footing instanceof Footing.Hollow hollow
                ? Answer.Refused.unknown(hollow.reason())
                : new Answer.Unavailable(unseen());
    }

    private String unseen() {
        return "Kafka did not tell in time what group " + projection.group() + " reads" + sampleFailure;
    }

    private Answer success(Waiter waiter) {
        return leftOut(index, waiter.target)
                .orElseGet(() -> new Answer.Success(waiter.waitedMillis(), index.published(), evidenceAgeMillis()));
    }

    /**
     * Whoever waits and whoever looks ask Kafka at the same time, and the answers may come in another order than they
     * were read. One that is lower, and was asked for before the other came, does not tell whether the group has gone
     * back: the next one does.
     */
    private boolean isOvertaken(Map<TopicPartition, Long> offsets, long readAtNanos) {
        return hasEvidence
                && readAtNanos - acceptedNanos < 0
                && committed.entrySet().stream()
                        .anyMatch(known -> offsets.getOrDefault(known.getKey(), 0L) < known.getValue());
    }

    /** What there is to say where a person has let the source go on without what the token stands for. */
    static Optional<Answer> leftOut(PublishedIndex index, Lsn target) {
        return index.leftOut(target)
                .map(range ->
                        Answer.Refused.unknown("events committed in " + range + " were left out by tidemark adopt;"
                                + " whether the token's write was among those published before it is not known"));
    }

    /** For whom waiting is in vain for now; one look for all of them. */
    private Optional<Lsn> noProgressAbove(Lsn watermark, Map<TopicPartition, Long> offsets) {
        return switch (history.state()) {
            case STOPPED, REBUILDING -> Optional.of(watermark);
            case STALLED -> Optional.of(index.consumedUpTo(history.still(), offsets));
            case RUNNING, LAGGING, UNKNOWN -> Optional.empty();
        };
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

    /**
     * Whether there is something to say to it: the source is behind anyway, or offsets were read since it came, and no
     * success hangs on a new look at what the group reads.
     */
    boolean hasEvidenceFor(Waiter waiter) {
        return waiter.target.isAfter(index.published())
                || (hasOffsetsFor(waiter)
                        && !(watermark(committed).isAtLeast(waiter.target)
                                && isOutdated(grounds.footing(committed, System.nanoTime()), waiter.sinceNanos)));
    }

    private boolean hasOffsetsFor(Waiter waiter) {
        return hasEvidence && fetchedNanos - waiter.sinceNanos >= 0;
    }

    /** Whether somebody's success hangs on a new look at what the group reads. */
    boolean needsSample() {
        return needsSample && !parked.isEmpty();
    }

    /** Why a success now would be empty, if it would. */
    Optional<String> whyHollow(Map<TopicPartition, Long> offsets) {
        Footing footing = grounds.footing(offsets, System.nanoTime());
        if (footing instanceof Footing.Firm) {
            return Optional.empty();
        }
        return Optional.of(footing instanceof Footing.Hollow hollow ? hollow.reason() : unseen());
    }

    /** Whether what is known of the group is too old for somebody who asked then. */
    boolean isOutdated(Map<TopicPartition, Long> offsets, long sinceNanos) {
        return refusal().isEmpty() && isOutdated(grounds.footing(offsets, System.nanoTime()), sinceNanos);
    }

    /**
     * What there is to say to a waiter whose time is over: mostly that it is not yet so. But what it waited for may have
     * been published since the offsets were read, or the offsets have been read before it was parked.
     */
    Answer answerNow(Waiter waiter) {
        Lsn published = index.published();
        if (waiter.target.isAfter(published)) {
            return new Answer.SourceBehind(waiter.waitedMillis(), published);
        }
        if (!hasOffsetsFor(waiter)) {
            return new Answer.Unavailable(
                    "Kafka did not tell the offsets of group " + projection.group() + " in time" + failure);
        }
        if (watermark(committed).isAtLeast(waiter.target)) {
            return consumed(waiter, grounds.footing(committed, System.nanoTime()));
        }
        List<PartitionNeed> behind = behind(waiter.target, committed);
        if (history.makesNoProgress(behind)) {
            return new Answer.NoProgress(
                    history.state(), why(), waiter.waitedMillis(), published, behind, evidenceAgeMillis());
        }
        return new Answer.ProjectionBehind(waiter.waitedMillis(), published, behind, evidenceAgeMillis());
    }

    private String why() {
        String group = "group " + projection.group();
        return switch (history.state()) {
            case STOPPED -> group + " has no members, and does not move";
            case STALLED ->
                group + " has members, but a partition has not moved for " + projection.stalledAfter() + " or more";
            case REBUILDING ->
                group + " has gone back, or builds a new generation, and goes over what was consumed before";
            case RUNNING, LAGGING, UNKNOWN -> "";
        };
    }

    List<PartitionNeed> behind(Lsn target, Map<TopicPartition, Long> offsets) {
        return needs(target, offsets).stream()
                .filter(partition -> partition.have() < partition.need())
                .toList();
    }

    /** In every partition that needs something for {@code target}: how much, and what the group has. */
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

    /** Answers everyone, and forgets what was seen of the group; what it had consumed it has still consumed. */
    synchronized void forget(Answer answer) {
        parked.forEach(waiter -> waiter.complete(answer));
        clear();
        hasEvidence = false;
        history.forget();
    }

    private long evidenceAgeMillis() {
        return (System.nanoTime() - fetchedNanos) / 1_000_000;
    }
}
