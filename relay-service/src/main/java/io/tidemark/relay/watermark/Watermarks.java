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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
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

    /** How long a question that does not wait is kept for the nudge that tells whether its token is ahead. */
    private static final long AHEAD_MILLIS = 500;

    /** How long a wait that is over stays open for offsets that Kafka has been asked for. */
    private static final long EVIDENCE_MILLIS = 2000;

    /** Between two looks at all groups: often enough to see within its time that one has stalled. */
    private static final long LONGEST_SAMPLE_MILLIS = 10_000;

    private static final long SHORTEST_SAMPLE_MILLIS = 250;
    private static final int SAMPLES_A_STALL = 6;

    private static final long STANDING_SECONDS = 15;
    private static final long CLOSE_SECONDS = 2;
    private static final Answer.Unavailable NOT_SERVING =
            new Answer.Unavailable("this replica has not read yet what is published");
    private static final Answer.Unavailable SHUTTING_DOWN = new Answer.Unavailable("this relay is shutting down");

    private final PublishedIndex index;
    private final GroupOffsets groups;
    private final Nudges nudges;
    private final WatermarkConfig config;
    private final Map<String, ProjectionWaiters> projections = new LinkedHashMap<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicBoolean advanceQueued = new AtomicBoolean();
    /** Whose offsets are to be fetched in the next request. Confined to the thread. */
    private final Set<ProjectionWaiters> due = new LinkedHashSet<>();

    private boolean flushQueued;
    private volatile @Nullable Lineage source;
    private volatile Answer.Unavailable notServing = NOT_SERVING;
    private volatile boolean isClosed;
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
        if (!projections.isEmpty()) {
            later(this::sample, SHORTEST_SAMPLE_MILLIS);
        }
    }

    /** Looks at every group, so that it is known which one does not move when somebody asks. */
    private void sample() {
        try {
            sampleOnce();
        } finally {
            sampleLater();
        }
    }

    private void sampleOnce() {
        if (source != null) {
            Set<String> names = projections.values().stream()
                    .map(waiters -> waiters.projection.group())
                    .collect(Collectors.toSet());
            Map<String, CompletionStage<Integer>> members = groups.members(names);
            projections.values().forEach(waiters -> {
                CompletionStage<Integer> count = members.get(waiters.projection.group());
                if (count != null) {
                    count.thenAccept(known -> onThread(() -> {
                        waiters.history.seeMembers(known, System.nanoTime());
                        due.add(waiters);
                        flushLater();
                    }));
                }
            });
        }
    }

    private void sampleLater() {
        long shortest = projections.values().stream()
                .mapToLong(waiters -> waiters.projection.stalledAfter().toMilliseconds())
                .min()
                .orElse(LONGEST_SAMPLE_MILLIS);
        later(
                this::sample,
                Math.max(SHORTEST_SAMPLE_MILLIS, Math.min(LONGEST_SAMPLE_MILLIS, shortest / SAMPLES_A_STALL)));
    }

    /**
     * Nothing can be said of projections that read these topics: they are not those that were published to.
     *
     * @param recreated topic to what is wrong with it; empty when all is well
     */
    public void setRecreated(Map<String, String> recreated) {
        onThread(() -> projections
                .values()
                .forEach(waiters -> waiters.setUnknown(waiters.topics.stream()
                        .filter(recreated::containsKey)
                        .sorted()
                        .map(topic -> "topic " + topic + " " + recreated.get(topic))
                        .collect(Collectors.joining("; ")))));
    }

    /** The index is filled and belongs to this source: from now on there are answers. */
    public void serve(SourceIdentity identity, TimelineHistory history) {
        if (isClosed) {
            return;
        }
        source = new Lineage(identity, history);
        advanced();
    }

    /** From now on this replica cannot know what is published: another one is active, or nobody is. */
    public void stopServing(String reason) {
        Answer.Unavailable answer = new Answer.Unavailable(reason);
        notServing = answer;
        source = null;
        onThread(() -> projections.values().forEach(waiters -> waiters.forget(answer)));
    }

    /** Publishing has advanced. Cheap when nobody waits. */
    public void advanced() {
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
     * @return completes with the answer, never exceptionally; whoever does not want it any more cancels
     */
    @SuppressWarnings("FutureReturnValueIgnored") // what is done then cannot fail
    public CompletableFuture<Answer> ask(String projection, Token token, long waitMillis) {
        ProjectionWaiters waiters = waitersOf(projection);
        Lineage lineage = source;
        if (lineage == null) {
            return CompletableFuture.completedFuture(notServing);
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
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        waiter.answer.thenAccept(given -> {
            waiting.decrementAndGet();
            answer.complete(given);
        });
        answer.whenComplete((given, failure) -> {
            if (answer.isCancelled()) {
                onThread(() -> answer(waiters, waiter, NOT_SERVING));
            }
        });
        onThread(() -> enter(waiters, waiter, bounded, lineage));
        if (source == null) { // closed meanwhile: the task above may have been dropped
            waiter.answer.complete(notServing);
        }
        return answer;
    }

    private ProjectionWaiters waitersOf(String name) {
        ProjectionWaiters waiters = projections.get(name);
        if (waiters == null) {
            throw new IllegalArgumentException("no projection " + name);
        }
        return waiters;
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

    private void enter(ProjectionWaiters waiters, Waiter waiter, long waitMillis, Lineage judgedBy) {
        if (waiter.answer.isDone() || !judgedBy.equals(source)) { // what it was judged by holds no more
            waiter.answer.complete(notServing);
            return;
        }
        if (!waiters.unknown().isEmpty()) {
            waiter.answer.complete(new Answer.Unknown(waiters.unknown()));
            return;
        }
        if (waiter.target.isAfter(index.published())) {
            later(() -> nudgeFor(waiters, waiter), waitMillis <= 0 ? 0 : NUDGE_AFTER_MILLIS);
            if (waitMillis <= 0) { // where the nudge stands tells a token that is ahead from one that is not published
                waiter.answersNow = true;
                waiters.park(waiter);
                later(() -> answer(waiters, waiter, waiters.notYet(waiter)), AHEAD_MILLIS);
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
            } else if (waiter.answersNow) {
                onThread(() -> answerNow(waiters, waiter));
            }
        });
    }

    /** Its nudge may have been published meanwhile: then the group's offsets decide, which are on their way. */
    private static void answerNow(ProjectionWaiters waiters, Waiter waiter) {
        if (waiters.hasEvidenceFor(waiter)) {
            answer(waiters, waiter, waiters.notYet(waiter));
        }
    }

    private static void answer(ProjectionWaiters waiters, Waiter waiter, Answer answer) {
        if (!waiter.answer.isDone()) {
            waiters.remove(waiter);
            waiter.answer.complete(answer);
        }
    }

    private void fetchIfNeeded(ProjectionWaiters waiters) {
        if (waiters.needsEvidence()) {
            due.add(waiters);
            flushLater();
        }
    }

    /** Behind what is queued already, so that one request serves all of it. */
    private void flushLater() {
        if (!flushQueued) {
            flushQueued = true;
            onThread(this::flush);
        }
    }

    private void flush() {
        flushQueued = false;
        Map<String, Set<TopicPartition>> partitions = new HashMap<>();
        List<ProjectionWaiters> asked = new ArrayList<>();
        for (ProjectionWaiters waiters : due) {
            if (!waiters.fetching) {
                waiters.fetching = true;
                asked.add(waiters);
                partitions
                        .computeIfAbsent(waiters.projection.group(), group -> new HashSet<>())
                        .addAll(index.partitionsOf(waiters.topics));
            }
        }
        due.clear();
        long startedNanos = System.nanoTime();
        Map<String, CompletionStage<Map<TopicPartition, Long>>> committed = groups.committed(partitions);
        for (ProjectionWaiters waiters : asked) {
            CompletionStage<Map<TopicPartition, Long>> offsets = committed.get(waiters.projection.group());
            if (offsets != null) {
                offsets.whenComplete(
                        (known, failure) -> onThread(() -> fetched(waiters, startedNanos, known, failure)));
            }
        }
    }

    private void fetched(
            ProjectionWaiters waiters,
            long startedNanos,
            @Nullable Map<TopicPartition, Long> offsets,
            @Nullable Throwable failure) {
        waiters.fetching = false;
        if (offsets != null) {
            waiters.accept(offsets, startedNanos);
        } else if (failure != null) {
            waiters.failed(failure);
        }
        if (waiters.needsEvidence()) {
            later(() -> fetchIfNeeded(waiters), offsets != null ? POLL_MILLIS : RETRY_MILLIS);
        }
    }

    private CompletionStage<Map<TopicPartition, Long>> fetch(ProjectionWaiters waiters) {
        String group = waiters.projection.group();
        return groups.committed(Map.of(group, index.partitionsOf(waiters.topics)))
                .getOrDefault(group, CompletableFuture.completedFuture(Map.of()));
    }

    /** Names of all projections, in the order of the configuration. */
    public List<String> names() {
        return List.copyOf(projections.keySet());
    }

    /** Where the projection stands now, by fresh offsets. */
    public CompletionStage<Standing> standing(String name) {
        ProjectionWaiters waiters = waitersOf(name);
        long startedNanos = System.nanoTime();
        return fetch(waiters)
                .thenApplyAsync(
                        offsets -> {
                            waiters.accept(offsets, startedNanos);
                            return standing(waiters, offsets);
                        },
                        thread)
                .toCompletableFuture()
                .orTimeout(STANDING_SECONDS, TimeUnit.SECONDS); // the thread drops what comes after its end
    }

    private Standing standing(ProjectionWaiters waiters, Map<TopicPartition, Long> offsets) {
        long now = System.nanoTime();
        Lsn published = index.published();
        Lsn watermark = waiters.watermark(offsets);
        List<Answer.Behind> behind = waiters.behind(published, offsets);
        OptionalLong oldest = behind.isEmpty() ? OptionalLong.empty() : index.publishedAfter(watermark);
        double lagSeconds =
                oldest.isEmpty() ? 0 : Math.max(0, System.currentTimeMillis() - oldest.getAsLong()) / 1000.0;
        return new Standing(
                waiters.projection,
                watermark,
                published,
                behind,
                behind.stream().mapToLong(b -> b.need() - b.have()).sum(),
                lagSeconds,
                waiters.unknown().isEmpty() ? waiters.history.state() : GroupState.UNKNOWN,
                waiters.history.sinceSeconds(now),
                waiters.history.members(),
                waiters.unknown());
    }

    /**
     * What a token asks of each projection, and what its group has.
     *
     * @param published read before the needs were, so that there are none missing for a token at or below it
     * @param projections in the order of the configuration
     */
    public record Requirements(Lsn published, List<Requirement> projections) {}

    /**
     * What a token asks of one projection.
     *
     * @param partitions every partition in which something must have been consumed; none while it is not published
     */
    public record Requirement(String projection, Answer answer, List<Answer.Behind> partitions) {}

    /**
     * What the token asks of every projection; nobody waits, but for a nudge.
     *
     * @return fails when Kafka does not tell, or the index is about something else by the end
     */
    public CompletionStage<Requirements> requirements(Token token) {
        Lineage lineage = source;
        long generation = index.generation();
        Map<String, CompletableFuture<Answer>> asked = new LinkedHashMap<>();
        names().forEach(name -> asked.put(name, ask(name, token, 0)));
        return CompletableFuture.allOf(asked.values().toArray(CompletableFuture[]::new))
                .thenCompose(done -> {
                    Lsn published = index.published();
                    List<CompletableFuture<Requirement>> all = asked.entrySet().stream()
                            .map(entry -> needs(entry.getKey(), lineage, token, published)
                                    .thenApply(needs -> new Requirement(
                                            entry.getKey(), entry.getValue().join(), needs))
                                    .toCompletableFuture())
                            .toList();
                    return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
                            .thenApply(complete -> {
                                if (lineage == null || generation != index.generation()) {
                                    throw new IllegalStateException("the index was lost while it was asked");
                                }
                                return new Requirements(
                                        published,
                                        all.stream()
                                                .map(CompletableFuture::join)
                                                .toList());
                            });
                });
    }

    private CompletionStage<List<Answer.Behind>> needs(
            String name, @Nullable Lineage lineage, Token token, Lsn published) {
        ProjectionWaiters waiters = waitersOf(name);
        if (lineage == null
                || !(lineage.judge(token) instanceof Lineage.Target target)
                || target.lsn().isAfter(published)) {
            return CompletableFuture.completedFuture(List.of());
        }
        return fetch(waiters).thenApply(offsets -> waiters.needs(target.lsn(), offsets));
    }

    /** When the first thing above {@code lsn} was published; see {@link PublishedIndex#publishedAfter}. */
    public OptionalLong publishedAfter(Lsn lsn) {
        return index.publishedAfter(lsn);
    }

    /** Whether there are answers yet. */
    public boolean isServing() {
        return source != null;
    }

    /** Why there are none, when there are none. */
    public String whyNotServing() {
        return notServing.reason();
    }

    /** What there is to say to the token whatever any group has consumed; empty when it can be waited for. */
    public Optional<Answer> judge(Token token) {
        Lineage lineage = source;
        if (lineage == null) {
            return Optional.of(notServing);
        }
        return lineage.judge(token) instanceof Lineage.Refused refused
                ? Optional.of(refused.answer())
                : Optional.empty();
    }

    /** Answers everyone who waits, and everyone who still comes, that this replica is going away. */
    @Override
    public void close() {
        isClosed = true;
        notServing = SHUTTING_DOWN;
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
