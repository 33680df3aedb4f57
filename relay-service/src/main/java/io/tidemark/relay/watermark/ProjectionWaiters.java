// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.declared.Footing;
import io.tidemark.relay.declared.Grounds;
import io.tidemark.relay.declared.GroupReading;
import io.tidemark.relay.declared.TopicsSeen;
import io.tidemark.relay.group.Committed;
import io.tidemark.relay.group.GroupHistory;
import io.tidemark.relay.group.LogBounds;
import io.tidemark.relay.index.PublishedIndex;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/** What the waiters of one projection are answered, by the evidence about its group. Confined to the watermark thread. */
final class ProjectionWaiters {

    private final ProjectionConfig projection;
    private final Set<String> topics;
    private final PublishedIndex index;
    private final ParkedWaiters parked = new ParkedWaiters();
    private final GroupHistory history;
    private final GroupEvidence evidence;
    private final Grounds grounds;
    private final EvidenceAnswers answers;
    private final OpenQuestions open;
    private boolean isFetching;

    ProjectionWaiters(ProjectionConfig projection, PublishedIndex index, Grounds grounds) {
        this.projection = projection;
        this.grounds = grounds;
        this.topics = Set.copyOf(projection.topics());
        this.index = index;
        this.history = new GroupHistory(projection.stalledAfter().toJavaDuration());
        this.evidence = new GroupEvidence(topics, index, history);
        this.open = new OpenQuestions(evidence, history);
        this.answers = new EvidenceAnswers(projection, index, evidence, history, grounds);
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
        return parked.enterWait();
    }

    /** On any thread. */
    void leaveWait() {
        parked.leaveWait();
    }

    void park(Waiter waiter) {
        parked.park(waiter);
    }

    /** From now on the first evidence will do. */
    void answerOnNextEvidence(Waiter waiter) {
        parked.answerOnNextEvidence(waiter);
    }

    /** Answers it, unless it has been answered. */
    void answer(Waiter waiter, Answer answer) {
        parked.answer(waiter, answer);
    }

    /** What is known of the group. */
    GroupEvidence evidence() {
        return evidence;
    }

    /** What follows from it. */
    EvidenceAnswers answers() {
        return answers;
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
        history.seeMembers(reading.members(), reading.kind() == GroupReading.Kind.SELF_ASSIGNING, System.nanoTime());
        open.sampled(askedNanos);
        grounds.seeGroup(reading, askedNanos);
        answers.sampleTold();
        refuseAll();
    }

    /** Kafka's topics were looked at; whoever cannot be answered any more because of it is told so. */
    void seeTopics(TopicsSeen seen) {
        grounds.seeTopics(seen);
        refuseAll();
    }

    private void refuseAll() {
        grounds.refusal().ifPresent(reason -> parked.answerAll(Answer.Refused.unknown(reason)));
    }

    /** Why nothing can be said of it; empty when something can. */
    Optional<String> refusal() {
        return grounds.refusal();
    }

    /** Kafka did not tell the offsets. */
    void failed(Throwable cause) {
        answers.offsetsFailed(cause);
    }

    /** Kafka did not tell what the group reads. */
    void sampleFailed(Throwable cause) {
        answers.sampleFailed(cause);
    }

    /** How the group is doing, as far as this replica has seen. */
    GroupHistory history() {
        return history;
    }

    /**
     * It is known now that its token is not ahead. Its nudge may have been published meanwhile: then the group's offsets
     * decide, which are on their way.
     */
    void answerIfUrgent(Waiter waiter) {
        if (parked.isUrgent(waiter) && hasEvidenceFor(waiter)) {
            parked.answer(waiter, answerNow(waiter));
        }
    }

    /** Whether somebody waits for the group, not for the source. */
    boolean needsEvidence() {
        return parked.firstTarget().filter(index.published()::isAtLeast).isPresent();
    }

    /**
     * Takes in fresh offsets and answers whoever they satisfy; nobody, where they have been overtaken by others.
     *
     * @param readAtNanos when Kafka was asked
     * @return those of its own topics; the ones known before where those have been overtaken
     */
    Map<TopicPartition, Long> accept(Committed ofGroup, long readAtNanos) {
        if (evidence.accept(ofGroup.in(topics), readAtNanos)) {
            answers.offsetsTold();
            answerWhomItSatisfies();
        }
        return evidence.committed();
    }

    /** Takes in where the logs begin and end, and answers whoever that satisfies. */
    void accept(LogBounds bounds, long readAtNanos) {
        open.looked();
        evidence.accept(bounds, readAtNanos);
        answerWhomItSatisfies();
    }

    private void answerWhomItSatisfies() {
        open.reset(parked.newestNanos());
        Lsn watermark = evidence.watermark();
        Footing footing = answers.footing(evidence.committed());
        Set<Waiter> held = new HashSet<>();
        for (Waiter first : parked.takeUpTo(watermark)) {
            if (open.isComplete(first, watermark, footing)) {
                parked.taken(first);
                first.complete(answers.consumed(first, footing));
            } else {
                held.add(first);
            }
        }
        parked.putBack(held);
        Lsn published = index.published();
        List<Waiter> leaving = parked.leaving(evidence.noProgressAbove(watermark))
                .filter(waiter -> published.isAtLeast(waiter.target))
                .filter(waiter -> !held.contains(waiter) && open.isComplete(waiter, watermark, footing))
                .toList();
        leaving.forEach(waiter -> parked.answer(waiter, answerNow(waiter)));
    }

    /** Whether there is something to say to it: the source is behind anyway, or all has been asked since it came. */
    boolean hasEvidenceFor(Waiter waiter) {
        return waiter.target.isAfter(index.published())
                || open.isComplete(waiter, evidence.watermark(), answers.footing(evidence.committed()));
    }

    /** Whether it is to be looked at where the logs begin and end. */
    boolean needsBounds() {
        return open.wantsBounds() || (open.needsBounds() && !parked.isEmpty());
    }

    /** Whether somebody came after Kafka was asked then. */
    boolean hasNewerThan(long nanos) {
        return parked.newestNanos() - nanos > 0;
    }

    /** Whether an answer hangs on a new look at what the group reads. */
    boolean needsSample() {
        return open.needsSample() && !parked.isEmpty();
    }

    /** Whether what is known of the group is too old for somebody who asked then. */
    boolean isOutdated(Map<TopicPartition, Long> offsets, long sinceNanos) {
        return refusal().isEmpty()
                && (open.isDoubtful(sinceNanos) || EvidenceAnswers.isOutdated(answers.footing(offsets), sinceNanos));
    }

    /** Why a success would be empty, by what was seen last; empty also where nothing was seen. */
    Optional<String> knownHollow() {
        return answers.footing(evidence.committed()) instanceof Footing.Hollow hollow
                ? Optional.of(hollow.reason())
                : Optional.empty();
    }

    /** What there is to say to a waiter whose time is over. */
    Answer answerNow(Waiter waiter) {
        return answers.now(waiter);
    }

    /** Answers everyone, and forgets what was seen of the group; what it had consumed it has still consumed. */
    void forget(Answer answer) {
        parked.answerAll(answer);
        evidence.forget();
    }
}
