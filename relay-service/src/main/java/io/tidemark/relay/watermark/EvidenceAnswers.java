// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.declared.Doubt;
import io.tidemark.relay.declared.Footing;
import io.tidemark.relay.declared.Grounds;
import io.tidemark.relay.evidence.BeyondEnd;
import io.tidemark.relay.evidence.GroupEvidence;
import io.tidemark.relay.group.GroupHistory;
import io.tidemark.relay.group.PartitionNeed;
import io.tidemark.relay.index.PublishedIndex;
import io.tidemark.relay.reason.Reason;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.TopicPartition;

/**
 * The answer that follows from the evidence about a group, and the reason if it is not success. Confined to the
 * watermark thread.
 */
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

    /** Kafka has returned the offsets. */
    void offsetsTold() {
        failure = "";
    }

    /** Kafka did not return the offsets, or the bounds of the logs. */
    void offsetsFailed(Throwable cause) {
        failure = ": " + Reason.of(cause);
    }

    /** Kafka has returned what the group reads. */
    void sampleTold() {
        sampleFailure = "";
    }

    /** Kafka did not return what the group reads. */
    void sampleFailed(Throwable cause) {
        sampleFailure = ": " + Reason.of(cause);
    }

    /** The footing that a {@code success} would have now. */
    Footing footing(Map<TopicPartition, Long> offsets) {
        return grounds.footing(offsets, System.nanoTime());
    }

    /** Whether a question asked at {@code sinceNanos} needs a newer look at the group than this one. */
    static boolean isOutdated(Footing footing, long sinceNanos) {
        return footing instanceof Footing.Unseen
                || (footing instanceof Footing.Hollow hollow && hollow.seenNanos() - sinceNanos < 0);
    }

    /** Why the group's progress is not known; empty if it is known. */
    Optional<Doubt> whyUnknown(Map<TopicPartition, Long> offsets, boolean isCaughtUp) {
        if (evidence.beyondEnd().isPresent()) {
            return evidence.beyondEnd().map(this::beyond);
        }
        Footing footing = footing(offsets);
        if (!isCaughtUp || footing instanceof Footing.Firm) {
            return Optional.empty();
        }
        return Optional.of(
                footing instanceof Footing.Hollow hollow ? hollow.doubt() : new Doubt("group-unseen", unseen()));
    }

    private String unseen() {
        return "Kafka did not report in time what group " + projection.group() + " reads" + sampleFailure;
    }

    /** The answer to a waiter whose token the group has consumed. */
    Answer consumed(Waiter waiter, Footing footing) {
        Optional<BeyondEnd> beyond = evidence.beyondEnd();
        if (beyond.isPresent()) {
            return Answer.Refused.unknown(beyond(beyond.get()));
        }
        if (footing instanceof Footing.Firm) {
            return leftOut(index, waiter.target).orElseGet(() -> isVisible(waiter));
        }
        return footing instanceof Footing.Hollow hollow
                ? Answer.Refused.unknown(hollow.doubt())
                : new Answer.Unavailable(unseen());
    }

    private Answer isVisible(Waiter waiter) {
        return evidence.visible().isAtLeast(waiter.target)
                ? new Answer.Success(waiter.waitedMillis(), index.published(), evidence.ageMillis())
                : new Answer.NotVisible(
                        "consumed, but projections[].visibleAfter (" + projection.visibleAfter()
                                + ") has not passed since the relay saw the group's commit",
                        waiter.waitedMillis(),
                        index.published(),
                        evidence.ageMillis());
    }

    private Doubt beyond(BeyondEnd beyond) {
        String partition = beyond.partition().topic() + ":" + beyond.partition().partition();
        return new Doubt(
                "offset-beyond-end",
                "group " + projection.group() + " has committed offset " + beyond.committed() + " in " + partition
                        + ", beyond the end of the log at " + beyond.end()
                        + ": Kafka has lost records, or somebody has set the"
                        + " offset. Events that are published there would count as consumed before the group has read them, so"
                        + " every token is answered unknown. Stop the consumers of projection " + projection.name()
                        + " and set the offset back: kafka-consumer-groups --bootstrap-server ... --group "
                        + projection.group() + " --topic " + partition + " --reset-offsets --to-offset " + beyond.end()
                        + " --execute");
    }

    /** The answer if an adoption has left out events that the token covers; empty otherwise. */
    static Optional<Answer> leftOut(PublishedIndex index, Lsn target) {
        return index.leftOut(target)
                .map(range -> Answer.Refused.unknown(new Doubt(
                        "left-out-by-adopt",
                        "events committed in " + range + " were left out by tidemark adopt;"
                                + " whether the token's write was among those published before it is not known")));
    }

    /**
     * The answer to a waiter whose time is over. Usually, what it waited for has not happened. But the token may have
     * been published since the offsets were read, or the offsets may be older than the question.
     */
    Answer now(Waiter waiter) {
        Lsn published = index.published();
        if (waiter.target.isAfter(published)) {
            return new Answer.SourceBehind(waiter.waitedMillis(), published);
        }
        if (!evidence.isSince(waiter.sinceNanos)) {
            return new Answer.Unavailable(
                    "Kafka did not return the offsets of group " + projection.group() + " in time" + failure);
        }
        if (evidence.beyondEnd().isPresent() || evidence.watermark().isAtLeast(waiter.target)) {
            if (!evidence.endsAreKnownSince(waiter.sinceNanos) || !evidence.startsAreKnownSince(waiter.sinceNanos)) {
                return new Answer.Unavailable("Kafka did not report in time where the logs begin and end that group "
                        + projection.group() + " reads" + failure);
            }
            return consumed(waiter, footing(evidence.committed()));
        }
        List<PartitionNeed> behind = evidence.behind(waiter.target, evidence.committed());
        if (history.makesNoProgress(behind)) {
            return new Answer.NoProgress(
                    history.state(), why(), waiter.waitedMillis(), published, behind, evidence.ageMillis());
        }
        return new Answer.ProjectionBehind(waiter.waitedMillis(), published, behind, evidence.ageMillis());
    }

    /** Why waiting does not help; empty if it may help. */
    String why() {
        String group = "group " + projection.group();
        return switch (history.state()) {
            case STOPPED ->
                group + " has no members and makes no progress: no consumer runs for projection " + projection.name()
                        + ". Start its consumers";
            case STALLED ->
                group + " has members, but a partition has not moved for " + projection.stalledAfter()
                        + " or more: its events are not consumed. Look at the logs of its consumers";
            case REBUILDING ->
                group + " has gone back, or builds a new generation, and goes over what was consumed before";
            case RUNNING, LAGGING, UNKNOWN -> "";
        };
    }
}
