// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.config.WatermarkConfig;
import io.tidemark.relay.declared.Doubt;
import io.tidemark.relay.declared.Grounds;
import io.tidemark.relay.declared.TopicsSeen;
import io.tidemark.relay.declared.WritableTopics;
import io.tidemark.relay.group.GroupOffsets;
import io.tidemark.relay.index.PublishedIndex;
import io.tidemark.relay.source.Nudges;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.timeline.JudgedToken;
import io.tidemark.relay.timeline.TimelineHistory;
import io.tidemark.relay.timeline.TokenVerdict;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Answers whether a projection has caught up with a token. Called by HTTP threads, and by the publishing thread when
 * publishing has advanced. Everything else happens on one dedicated thread.
 */
public final class Watermarks implements AutoCloseable {

    /** Maximum time that a question without waiting is kept for the nudge that shows whether its token is ahead. */
    private static final long AHEAD_MILLIS = 500;

    /** Maximum time that a wait stays open after its end for offsets that were requested from Kafka. */
    private static final long EVIDENCE_MILLIS = 2000;

    private static final Answer.Unavailable NOT_SERVING =
            new Answer.Unavailable("this replica has not read yet what is published");
    private static final String OTHER_SOURCE = "what is published is of another database, or another timeline, by now";
    private static final Answer.Unavailable LOST = new Answer.Unavailable(OTHER_SOURCE);
    private static final Answer.Unavailable SHUTTING_DOWN = new Answer.Unavailable("this relay is shutting down");

    private final PublishedIndex index;
    private final WatermarkConfig config;
    private final Map<String, ProjectionWaiters> projections = new LinkedHashMap<>();
    private final Admission admission;
    private final AtomicBoolean advanceQueued = new AtomicBoolean();
    /** As of the last look at the topics. On the watermark thread. */
    private Map<String, String> topicIds = Map.of();

    private volatile @Nullable ServedSource source;
    private volatile Answer.Unavailable notServing = NOT_SERVING;
    private volatile boolean isClosed;
    private final WatermarkThread thread = new WatermarkThread();
    private final WaiterNudges nudges;
    private final GroupPolling polling;
    private final ProjectionReports reports;
    private final TokenRequirements requirements;

    public Watermarks(
            List<ProjectionConfig> projections,
            WritableTopics writable,
            PublishedIndex index,
            GroupOffsets groups,
            Nudges nudges,
            WatermarkConfig config) {
        this.index = index;
        this.config = config;
        this.admission = new Admission(config);
        this.nudges = new WaiterNudges(index, nudges, thread);
        projections.forEach(projection -> this.projections.put(
                projection.name(),
                new ProjectionWaiters(
                        projection, index, new Grounds(projection, projections, writable, index::topicsWritten))));
        this.polling = new GroupPolling(this.projections.values(), index, groups, thread, this::isServing);
        this.reports = new ProjectionReports(this.projections, index, polling, admission, thread);
        this.requirements = new TokenRequirements(
                this::ask, () -> Optional.ofNullable(source), this::waitersOf, () -> topicIds, index, thread);
        polling.start();
    }

    /** Accepts the state of Kafka's topics: the declared topics of projections, and the topics of the source. */
    public void see(TopicsSeen topics) {
        thread.execute(() -> {
            topicIds = topics.ids();
            projections.values().forEach(waiters -> waiters.seeTopics(topics));
        });
    }

    /** Starts answering: the index is filled and belongs to this source. */
    public void serve(SourceIdentity identity, TimelineHistory history) {
        if (isClosed) {
            return;
        }
        if (!index.isAbout(identity)) { // cleared meanwhile by a run that connected to another server
            stopServing(OTHER_SOURCE);
            return;
        }
        source = new ServedSource(identity, history);
        polling.sampleAll();
        advanced();
    }

    /** Stops answering: this replica can no longer know what is published, because another one, or none, is active. */
    public void stopServing(String reason) {
        Answer.Unavailable answer = new Answer.Unavailable(reason);
        notServing = answer;
        source = null;
        thread.execute(() -> projections.values().forEach(waiters -> waiters.forget(answer)));
    }

    /** Publishing has advanced. Cheap if no request waits. */
    public void advanced() {
        if (admission.inside() > 0 && advanceQueued.compareAndSet(false, true)) {
            thread.execute(() -> {
                advanceQueued.set(false);
                projections.values().forEach(polling::fetchIfNeeded);
            });
        }
    }

    /**
     * Asks about one projection.
     *
     * @param projection one of the configured names; any other name is a bug of the caller
     * @param waitMillis maximum wait, limited to the configured maximum; 0 answers with the first evidence
     * @return completes with the answer, never exceptionally; a caller that no longer needs the answer cancels it
     */
    public CompletableFuture<Answer> ask(String projection, Token token, long waitMillis) {
        ProjectionWaiters waiters = waitersOf(projection);
        ServedSource served = source;
        if (served == null) {
            return CompletableFuture.completedFuture(notServing);
        }
        long generation = index.generation();
        if (!index.isAbout(served.identity())) {
            return CompletableFuture.completedFuture(LOST);
        }
        JudgedToken judged = served.judge(token);
        return judged.refusal()
                .map(refusal -> askForOthers(waiters, judged, refusal, served, generation))
                .orElseGet(() -> ask(waiters, judged.target().orElseThrow(), waitMillis, served, generation));
    }

    /** Returns a refusal without waiting, with the answer for the parts that are not refused. */
    private CompletableFuture<Answer> askForOthers(
            ProjectionWaiters waiters,
            JudgedToken judged,
            TokenVerdict.Refused refusal,
            ServedSource served,
            long generation) {
        return judged.target()
                .map(lsn -> ask(waiters, lsn, 0, served, generation)
                        .<Answer>thenApply(others -> Answer.Refused.of(refusal, judged, Optional.of(others))))
                .orElseGet(
                        () -> CompletableFuture.completedFuture(Answer.Refused.of(refusal, judged, Optional.empty())));
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the callback cannot fail
    private CompletableFuture<Answer> ask(
            ProjectionWaiters waiters, Lsn target, long waitMillis, ServedSource served, long generation) {
        boolean isWait = waitMillis > 0;
        Optional<Answer> tooMany = admission.enter(waiters, isWait);
        if (tooMany.isPresent()) {
            return CompletableFuture.completedFuture(tooMany.get());
        }
        long bounded = Math.min(waitMillis, config.maxWait().toMilliseconds());
        Waiter waiter = new Waiter(target);
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        waiter.answer.thenAccept(given -> {
            admission.leave(waiters, isWait);
            // If the index was cleared meanwhile, the answer may rest in part on another database.
            answer.complete(index.generation() == generation ? given : LOST);
        });
        answer.whenComplete((given, failure) -> {
            if (answer.isCancelled()) {
                thread.execute(() -> waiters.answer(waiter, NOT_SERVING));
            }
        });
        thread.execute(() -> enterOrFail(waiters, waiter, bounded, served));
        if (source == null) { // closed meanwhile: the task above may have been dropped
            waiter.answer.complete(notServing);
        }
        return answer;
    }

    /** @throws IllegalArgumentException if the projection is not configured */
    private ProjectionWaiters waitersOf(String name) {
        ProjectionWaiters waiters = projections.get(name);
        if (waiters == null) {
            throw new IllegalArgumentException("no projection " + name);
        }
        return waiters;
    }

    /** Always answers the waiter, even after a failure, so that its place becomes free. */
    private void enterOrFail(ProjectionWaiters waiters, Waiter waiter, long waitMillis, ServedSource questionBy) {
        try {
            enter(waiters, waiter, waitMillis, questionBy);
        } catch (RuntimeException | Error e) {
            waiters.answer(waiter, new Answer.Unavailable("unexpected: " + e));
            throw e;
        }
    }

    private void enter(ProjectionWaiters waiters, Waiter waiter, long waitMillis, ServedSource questionBy) {
        if (waiter.answer.isDone() || !questionBy.equals(source)) { // the source that judged the token has changed
            waiter.complete(notServing);
            return;
        }
        Optional<Doubt> refusal = waiters.refusal();
        if (refusal.isPresent()) {
            waiter.complete(Answer.Refused.unknown(refusal.get()));
            return;
        }
        Optional<Answer> leftOut = EvidenceAnswers.leftOut(index, waiter.target);
        if (leftOut.isPresent()) {
            waiter.complete(leftOut.get());
            return;
        }
        if (waiter.target.isAfter(index.published())) {
            nudges.nudgeFor(waiters, waiter, waitMillis > 0, questionBy.identity());
            if (waitMillis <= 0) { // the position of the nudge distinguishes ahead from not yet published
                waiters.park(waiter);
                waiters.answerOnNextEvidence(waiter);
                waiter.timer(thread.later(() -> waiters.answer(waiter, waiters.answerNow(waiter)), AHEAD_MILLIS));
                return;
            }
        }
        waiters.park(waiter);
        if (waitMillis <= 0) {
            endWait(waiters, waiter);
        } else {
            waiter.timer(thread.later(() -> endWait(waiters, waiter), waitMillis));
        }
        polling.fetchIfNeeded(waiters);
    }

    /** Ends the wait. Only evidence that has already been requested is still accepted. */
    private void endWait(ProjectionWaiters waiters, Waiter waiter) {
        if (waiter.answer.isDone()) {
            return;
        }
        if (waiters.hasEvidenceFor(waiter)) {
            waiters.answer(waiter, waiters.answerNow(waiter));
        } else {
            waiters.answerOnNextEvidence(waiter);
            waiter.timer(thread.later(() -> waiters.answer(waiter, waiters.answerNow(waiter)), EVIDENCE_MILLIS));
        }
    }

    /** Names of all projections, in the order of the configuration. */
    public List<String> names() {
        return List.copyOf(projections.keySet());
    }

    /** The standing of projections, for people. */
    public ProjectionReports reports() {
        return reports;
    }

    /** What tokens need from projections. */
    public TokenRequirements requirements() {
        return requirements;
    }

    /** Whether questions are answered yet. */
    public boolean isServing() {
        return source != null;
    }

    /** The database for which questions are answered; empty while none are. */
    public Optional<SourceIdentity> served() {
        return Optional.ofNullable(source).map(ServedSource::identity);
    }

    /** Number of requests in progress, most of them waiting. */
    public int waiting() {
        return admission.inside();
    }

    /** Why questions are not answered, if they are not. */
    public String whyNotServing() {
        return notServing.reason();
    }

    /**
     * The answer that holds for the token whatever any group has consumed; empty if a request can wait for the token.
     */
    public Optional<Answer> judge(Token token) {
        ServedSource served = source;
        if (served == null) {
            return Optional.of(notServing);
        }
        JudgedToken judged = served.judge(token);
        return judged.refusal()
                .<Answer>map(refusal -> Answer.Refused.of(refusal, judged, Optional.empty()))
                .or(() -> judged.target().flatMap(lsn -> EvidenceAnswers.leftOut(index, lsn)));
    }

    /** Answers all current and later requests with the reason that this replica is shutting down. */
    @Override
    public void close() {
        isClosed = true;
        notServing = SHUTTING_DOWN;
        source = null;
        thread.closeAfter(() -> projections.values().forEach(waiters -> waiters.forget(SHUTTING_DOWN)));
    }
}
