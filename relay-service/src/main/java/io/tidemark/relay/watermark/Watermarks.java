package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.config.WatermarkConfig;
import io.tidemark.relay.position.PublishedIndex;
import io.tidemark.relay.progress.GroupOffsets;
import io.tidemark.relay.source.Nudges;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.TimelineHistory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has a projection caught up with a token? Called by HTTP threads, and by the publishing thread when publishing has
 * advanced; everything else happens on one thread of its own.
 */
public final class Watermarks implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Watermarks.class);

    /** Between two looks at a group that somebody waits for. */
    private static final long POLL_MILLIS = 5;
    /** After Kafka has refused to tell. */
    private static final long RETRY_MILLIS = 200;
    /** What is written now mostly arrives by itself within this time; only then is a nudge worth its WAL. */
    private static final long NUDGE_AFTER_MILLIS = 5;

    /** How long a wait that is over stays open for offsets that Kafka has been asked for. */
    private static final long EVIDENCE_MILLIS = 2000;

    private static final long CLOSE_SECONDS = 2;
    private static final Answer NOT_SERVING =
            new Answer.Unavailable("this replica is not the active one, or has not read its position yet");
    private static final Answer SHUTTING_DOWN = new Answer.Unavailable("this relay is shutting down");

    private final PublishedIndex index;
    private final GroupOffsets groups;
    private final Nudges nudges;
    private final WatermarkConfig config;
    private final Map<String, ProjectionWaiters> projections = new LinkedHashMap<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicBoolean advanceQueued = new AtomicBoolean();
    private volatile @Nullable Lineage source;
    /** After {@link #close} nobody waits any more, so whatever still comes in can be dropped. */
    private final ScheduledThreadPoolExecutor thread = new ScheduledThreadPoolExecutor(
            1,
            runnable -> {
                Thread watermark = new Thread(runnable, "watermark");
                watermark.setDaemon(true);
                return watermark;
            },
            new ThreadPoolExecutor.DiscardPolicy());

    public Watermarks(
            List<ProjectionConfig> projections,
            PublishedIndex index,
            GroupOffsets groups,
            Nudges nudges,
            WatermarkConfig config) {
        this.index = index;
        this.groups = groups;
        this.nudges = nudges;
        this.config = config;
        projections.forEach(
                projection -> this.projections.put(projection.name(), new ProjectionWaiters(projection, index)));
    }

    /** The index is filled and belongs to this source: from now on there are answers. */
    public void serve(SourceIdentity identity, TimelineHistory history) {
        source = new Lineage(identity, history);
        published();
    }

    /** From now on this replica cannot know what is published: another one is active, or nobody is. */
    public void stopServing(String reason) {
        source = null;
        onThread(() -> projections.values().forEach(waiters -> waiters.forget(new Answer.Unavailable(reason))));
    }

    /** Publishing has advanced. Cheap when nobody waits. */
    public void published() {
        if (waiting.get() > 0 && advanceQueued.compareAndSet(false, true)) {
            onThread(() -> {
                advanceQueued.set(false);
                projections.values().forEach(this::fetchIfNeeded);
            });
        }
    }

    /**
     * Asks about one projection.
     *
     * @param projection one of the configured names; anything else is the caller's bug
     * @param waitMillis how long to wait at most, cut to the configured maximum; 0 answers with the first evidence
     * @return completes with the answer, never exceptionally
     */
    public CompletableFuture<Answer> ask(String projection, Token token, long waitMillis) {
        ProjectionWaiters waiters = projections.get(projection);
        if (waiters == null) {
            throw new IllegalArgumentException("no projection " + projection);
        }
        Lineage lineage = source;
        if (lineage == null) {
            return CompletableFuture.completedFuture(NOT_SERVING);
        }
        Lineage.Judged judged = lineage.judge(token);
        if (judged instanceof Lineage.Refused refused) {
            return CompletableFuture.completedFuture(refused.answer());
        }
        if (waiting.incrementAndGet() > config.maxWaiters()) {
            waiting.decrementAndGet();
            return CompletableFuture.completedFuture(new Answer.TooManyWaiters(config.maxWaiters()));
        }
        long bounded = Math.min(waitMillis, config.maxWait().toMilliseconds());
        Waiter waiter = new Waiter(((Lineage.Target) judged).lsn());
        CompletableFuture<Answer> answer = waiter.answer.whenComplete((ignored, failure) -> waiting.decrementAndGet());
        onThread(() -> enter(waiters, waiter, bounded));
        if (source == null) { // closed meanwhile: the task above may have been dropped
            waiter.answer.complete(NOT_SERVING);
        }
        return answer;
    }

    private void onThread(Runnable task) {
        thread.execute(() -> runLogged(task));
    }

    @SuppressWarnings("FutureReturnValueIgnored") // failures are logged by the task itself
    private void later(Runnable task, long millis) {
        thread.schedule(() -> runLogged(task), millis, TimeUnit.MILLISECONDS);
    }

    private static void runLogged(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.error("event=watermark-task-failed", e);
        }
    }

    private void enter(ProjectionWaiters waiters, Waiter waiter, long waitMillis) {
        if (waiter.target.isAfter(index.published())) {
            later(() -> nudgeFor(waiters, waiter), waitMillis <= 0 ? 0 : NUDGE_AFTER_MILLIS);
            if (waitMillis <= 0) {
                waiter.answer.complete(waiters.notYet(waiter));
                return;
            }
        }
        waiters.park(waiter);
        if (waitMillis <= 0) {
            endWait(waiters, waiter);
        } else {
            later(() -> endWait(waiters, waiter), waitMillis);
        }
        fetchIfNeeded(waiters);
    }

    /** The wait is over; only evidence that is already on its way is still taken in. */
    private void endWait(ProjectionWaiters waiters, Waiter waiter) {
        if (waiter.answer.isDone()) {
            return;
        }
        if (waiters.hasEvidenceFor(waiter)) {
            answer(waiters, waiter, waiters.notYet(waiter));
        } else {
            waiter.answersNow = true;
            later(() -> answer(waiters, waiter, waiters.notYet(waiter)), EVIDENCE_MILLIS);
        }
    }

    private void nudgeFor(ProjectionWaiters waiters, Waiter waiter) {
        if (waiter.answer.isDone() || index.published().isAtLeast(waiter.target)) {
            return;
        }
        nudges.request(waiter.target, written -> {
            if (waiter.target.isAfter(written)) {
                onThread(() -> answer(waiters, waiter, new Answer.Ahead(index.published())));
            }
        });
    }

    private static void answer(ProjectionWaiters waiters, Waiter waiter, Answer answer) {
        if (!waiter.answer.isDone()) {
            waiters.remove(waiter);
            waiter.answer.complete(answer);
        }
    }

    private void fetchIfNeeded(ProjectionWaiters waiters) {
        if (waiters.fetching || !waiters.needsEvidence()) {
            return;
        }
        waiters.fetching = true;
        long startedNanos = System.nanoTime();
        fetch(waiters)
                .whenComplete((offsets, failure) -> onThread(() -> {
                    waiters.fetching = false;
                    if (failure == null) {
                        waiters.accept(offsets, startedNanos);
                    } else {
                        waiters.failed(failure);
                    }
                    if (waiters.needsEvidence()) {
                        later(() -> fetchIfNeeded(waiters), failure == null ? POLL_MILLIS : RETRY_MILLIS);
                    }
                }));
    }

    private CompletionStage<Map<TopicPartition, Long>> fetch(ProjectionWaiters waiters) {
        return groups.committed(waiters.projection.group(), index.partitionsOf(waiters.topics));
    }

    /** Names of all projections, in the order of the configuration. */
    public List<String> names() {
        return List.copyOf(projections.keySet());
    }

    /** Where the projection stands now, by fresh offsets. */
    public CompletionStage<Standing> standing(String name) {
        ProjectionWaiters waiters = projections.get(name);
        if (waiters == null) {
            throw new IllegalArgumentException("no projection " + name);
        }
        return fetch(waiters).thenApply(offsets -> {
            Lsn published = index.published();
            List<Answer.Behind> behind = waiters.behind(published, offsets);
            long lag = behind.stream().mapToLong(b -> b.need() - b.have()).sum();
            return new Standing(waiters.projection, waiters.watermark(offsets), published, behind, lag);
        });
    }

    /** Whether there are answers yet. */
    public boolean isServing() {
        return source != null;
    }

    /** Answers everyone who waits, and everyone who still comes, that this replica is going away. */
    @Override
    public void close() {
        source = null;
        CountDownLatch answered = new CountDownLatch(1);
        onThread(() -> {
            projections.values().forEach(waiters -> waiters.forget(SHUTTING_DOWN));
            thread.shutdownNow();
            answered.countDown();
        });
        try {
            if (!answered.await(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                thread.shutdownNow();
            }
        } catch (InterruptedException e) {
            thread.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
