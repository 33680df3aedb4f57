package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.declared.Footing;
import io.tidemark.relay.declared.Grounds;
import io.tidemark.relay.group.GroupHistory;
import io.tidemark.relay.group.PartitionNeed;
import io.tidemark.relay.index.PublishedIndex;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.TopicPartition;

/** The answer that follows from the evidence about a group, and in words why it is a no. Confined to the watermark thread. */
final class EvidenceAnswers {

    private final ProjectionConfig projection;
    private final PublishedIndex index;
    private final GroupEvidence evidence;
    private final GroupHistory history;
    private final Grounds grounds;
    private String failure = "";
    private String sampleFailure = "";

    EvidenceAnswers(
            ProjectionConfig projection,
            PublishedIndex index,
            GroupEvidence evidence,
            GroupHistory history,
            Grounds grounds) {
        this.projection = projection;
        this.index = index;
        this.evidence = evidence;
        this.history = history;
        this.grounds = grounds;
    }

    /** Kafka has told the offsets. */
    void offsetsTold() {
        failure = "";
    }

    /** Kafka did not tell the offsets. */
    void offsetsFailed(Throwable cause) {
        failure = ": " + (cause.getMessage() == null ? cause : cause.getMessage());
    }

    /** Kafka has told what the group reads. */
    void sampleTold() {
        sampleFailure = "";
    }

    /** Kafka did not tell what the group reads. */
    void sampleFailed(Throwable cause) {
        sampleFailure = ": " + (cause.getMessage() == null ? cause : cause.getMessage());
    }

    /** What a {@code success} would stand on now. */
    Footing footing(Map<TopicPartition, Long> offsets) {
        return grounds.footing(offsets, System.nanoTime());
    }

    /** Whether a question that was asked then needs a newer look at the group than this. */
    static boolean isOutdated(Footing footing, long sinceNanos) {
        return footing instanceof Footing.Unseen
                || (footing instanceof Footing.Hollow hollow && hollow.seenNanos() - sinceNanos < 0);
    }

    /** Why a success now would be empty, if it would. */
    Optional<String> whyHollow(Map<TopicPartition, Long> offsets) {
        Footing footing = footing(offsets);
        if (footing instanceof Footing.Firm) {
            return Optional.empty();
        }
        return Optional.of(footing instanceof Footing.Hollow hollow ? hollow.reason() : unseen());
    }

    private String unseen() {
        return "Kafka did not tell in time what group " + projection.group() + " reads" + sampleFailure;
    }

    /** To one whose token the group has consumed. */
    Answer consumed(Waiter waiter, Footing footing) {
        if (footing instanceof Footing.Firm) {
            return leftOut(index, waiter.target)
                    .orElseGet(
                            () -> new Answer.Success(waiter.waitedMillis(), index.published(), evidence.ageMillis()));
        }
        return footing instanceof Footing.Hollow hollow
                ? Answer.Refused.unknown(hollow.reason())
                : new Answer.Unavailable(unseen());
    }

    /** What there is to say where a person has let the source go on without what the token stands for. */
    static Optional<Answer> leftOut(PublishedIndex index, Lsn target) {
        return index.leftOut(target)
                .map(range ->
                        Answer.Refused.unknown("events committed in " + range + " were left out by tidemark adopt;"
                                + " whether the token's write was among those published before it is not known"));
    }

    /**
     * What there is to say to a waiter whose time is over: mostly that it is not yet so. But what it waited for may have
     * been published since the offsets were read, or the offsets have been read before it was parked.
     */
    Answer now(Waiter waiter) {
        Lsn published = index.published();
        if (waiter.target.isAfter(published)) {
            return new Answer.SourceBehind(waiter.waitedMillis(), published);
        }
        if (!evidence.isSince(waiter.sinceNanos)) {
            return new Answer.Unavailable(
                    "Kafka did not tell the offsets of group " + projection.group() + " in time" + failure);
        }
        if (evidence.watermark().isAtLeast(waiter.target)) {
            return consumed(waiter, footing(evidence.committed()));
        }
        List<PartitionNeed> behind = evidence.behind(waiter.target, evidence.committed());
        if (history.makesNoProgress(behind)) {
            return new Answer.NoProgress(
                    history.state(), why(), waiter.waitedMillis(), published, behind, evidence.ageMillis());
        }
        return new Answer.ProjectionBehind(waiter.waitedMillis(), published, behind, evidence.ageMillis());
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
}
