// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.declared.Doubt;
import io.tidemark.relay.declared.Footing;
import io.tidemark.relay.declared.Grounds;
import io.tidemark.relay.declared.GroupReading;
import io.tidemark.relay.declared.TopicsSeen;
import io.tidemark.relay.evidence.GroupEvidence;
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

/** Answers the waiters of one projection by the evidence about its group. Confined to the watermark thread. */
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
        this.evidence = new GroupEvidence(
                topics,
                index,
                history,
                projection.visibleAfter().toJavaDuration().toNanos());
        this.open = new OpenQuestions(evidence, history);
        this.answers = new EvidenceAnswers(projection, index, evidence, history, grounds);
    }

    ProjectionConfig projection() {
        return projection;
    }

    String group() {
        return projection.group();
    }

    /** The declared topics. */
    Set<String> topics() {
        return topics;
    }

    /**
     * On any thread.
     *
     * @return the number of waits, with this one
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

    /** From now on the waiter is answered with the first evidence. */
    void answerOnNextEvidence(Waiter waiter) {
        parked.answerOnNextEvidence(waiter);
    }

    /** Answers the waiter, unless it has an answer. */
    void answer(Waiter waiter, Answer answer) {
        parked.answer(waiter, answer);
    }

    /** What is known of the group. */
    GroupEvidence evidence() {
        return evidence;
    }

    /** The answers that follow from the evidence. */
    EvidenceAnswers answers() {
        return answers;
    }

    /** @return false if a request for the group's offsets is already under way */
    boolean beginFetch() {
        boolean begins = !isFetching;
        isFetching = true;
        return begins;
    }

    void endFetch() {
        isFetching = false;
    }

    /** Accepts what the group reads, and answers all waiters if they can no longer be answered because of it. */
    void seeGroup(GroupReading reading, long askedNanos) {
        history.seeMembers(reading.members(), reading.kind() == GroupReading.Kind.SELF_ASSIGNING, System.nanoTime());
        open.sampled(askedNanos);
        grounds.seeGroup(reading, askedNanos);
        answers.sampleTold();
        refuseAll();
    }

    /** Accepts the state of Kafka's topics, and answers all waiters if they can no longer be answered because of it. */
    void seeTopics(TopicsSeen seen) {
        grounds.seeTopics(seen);
        refuseAll();
    }

    private void refuseAll() {
        grounds.refusal().ifPresent(doubt -> parked.answerAll(Answer.Refused.unknown(doubt)));
    }

    /** Why no question about this projection can be answered; empty if questions can be answered. */
    Optional<Doubt> refusal() {
        return grounds.refusal();
    }

    /** Kafka did not return the offsets, or the bounds of the logs. */
    void failed(Throwable cause) {
        answers.offsetsFailed(cause);
    }

    /** Kafka did not return what the group reads. */
    void sampleFailed(Throwable cause) {
        answers.sampleFailed(cause);
    }

    /** The state of the group, as far as this replica has seen. */
    GroupHistory history() {
        return history;
    }

    /**
     * Called when the waiter's token is known not to be ahead. If its nudge has been published meanwhile, the group's
     * offsets decide. They have been requested already.
     */
    void answerIfUrgent(Waiter waiter) {
        if (parked.isUrgent(waiter) && hasEvidenceFor(waiter)) {
            parked.answer(waiter, answerNow(waiter));
        }
    }

    /** Whether a waiter waits for the group, not for the source. */
    boolean needsEvidence() {
        return parked.firstTarget().filter(index.published()::isAtLeast).isPresent();
    }

    /**
     * Accepts fresh offsets and answers the waiters that they satisfy. If newer offsets were accepted first, answers
     * none.
     *
     * @param readAtNanos when Kafka was asked
     * @return the offsets in its own topics; the known ones if newer offsets were accepted first
     */
    Map<TopicPartition, Long> accept(Committed ofGroup, long readAtNanos) {
        if (evidence.accept(ofGroup.in(topics), readAtNanos)) {
            answers.offsetsTold();
            answerWhomItSatisfies();
        }
        return evidence.committed();
    }

    /** Accepts the bounds of the logs, and answers the waiters that they satisfy. */
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
        for (Waiter first : parked.takeUpTo(evidence.visible())) {
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

    /**
     * Whether the waiter can be answered: its token is not published, or everything needed was requested after its
     * question.
     */
    boolean hasEvidenceFor(Waiter waiter) {
        return waiter.target.isAfter(index.published())
                || open.isComplete(waiter, evidence.watermark(), answers.footing(evidence.committed()));
    }

    /** Whether the bounds of the logs must be requested. */
    boolean needsBounds() {
        return open.wantsBounds() || (open.needsBounds() && !parked.isEmpty());
    }

    /** Whether a waiter arrived after that time. */
    boolean hasNewerThan(long nanos) {
        return parked.newestNanos() - nanos > 0;
    }

    /** Whether an answer needs a new sample of what the group reads. */
    boolean needsSample() {
        return open.needsSample() && !parked.isEmpty();
    }

    /** Whether the knowledge of the group is too old for a question asked at {@code sinceNanos}. */
    boolean isOutdated(Map<TopicPartition, Long> offsets, long sinceNanos) {
        return refusal().isEmpty()
                && (open.isDoubtful(sinceNanos) || EvidenceAnswers.isOutdated(answers.footing(offsets), sinceNanos));
    }

    /** Why a success would have no basis, by what was seen last; also empty if nothing was seen. */
    Optional<Doubt> knownHollow() {
        return answers.footing(evidence.committed()) instanceof Footing.Hollow hollow
                ? Optional.of(hollow.doubt())
                : Optional.empty();
    }

    /** The answer to a waiter whose time is over. */
    Answer answerNow(Waiter waiter) {
        return answers.now(waiter);
    }

    /**
     * Answers all waiters, and forgets what was seen of the group, except what it had consumed, which stays consumed.
     */
    void forget(Answer answer) {
        parked.answerAll(answer);
        evidence.forget();
    }
}
