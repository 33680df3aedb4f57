// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.relay.evidence.GroupEvidence;
import io.tidemark.relay.group.Committed;
import io.tidemark.relay.group.GroupOffsets;
import io.tidemark.relay.index.PublishedIndex;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Asks Kafka for the offsets of groups: often while a request waits for a group, with all due groups in one request.
 * Also asks after every sample of a group, so that a group that does not move is noticed. Confined to the watermark
 * thread, except where noted.
 */
final class GroupPolling {

    /** Time between two looks at a group that a request waits for. */
    private static final long POLL_MILLIS = 3;
    /** Time before another attempt after Kafka returned an error. */
    private static final long RETRY_MILLIS = 200;

    private final PublishedIndex index;
    private final GroupOffsets groups;
    private final WatermarkThread thread;
    private final GroupSampling sampling;
    /** Groups to include in the next request. */
    private final Set<ProjectionWaiters> due = new LinkedHashSet<>();

    /** Futures that wait for the next offsets to be requested. */
    private final Map<ProjectionWaiters, List<CompletableFuture<Offsets>>> curious = new HashMap<>();

    private boolean flushQueued;

    /**
     * A group's offsets in its own topics.
     *
     * @param askedNanos when Kafka was asked
     */
    record Offsets(Map<TopicPartition, Long> committed, long askedNanos) {}

    /** @param isServing groups are asked about only while this is true */
    GroupPolling(
            Collection<ProjectionWaiters> projections,
            PublishedIndex index,
            GroupOffsets groups,
            WatermarkThread thread,
            BooleanSupplier isServing) {
        this.index = index;
        this.groups = groups;
        this.thread = thread;
        this.sampling = new GroupSampling(projections, groups, thread, isServing, this::sampled);
    }

    /** From any thread. */
    void start() {
        sampling.start();
    }

    /** Requests a sample of what every group reads; from any thread. */
    void sampleAll() {
        thread.execute(sampling::all);
    }

    /** Completes when a request made after now has returned, or has failed to return, what the group reads. */
    CompletionStage<Void> nextSample(ProjectionWaiters waiters) {
        return sampling.next(waiters);
    }

    private void sampled(ProjectionWaiters waiters) {
        due.add(waiters);
        flushLater();
    }

    /** Requests a sample of what the group reads, if an answer needs one now. */
    void sampleIfNeeded(ProjectionWaiters waiters) {
        if (waiters.needsSample()) {
            sampling.want(waiters);
        }
    }

    void fetchIfNeeded(ProjectionWaiters waiters) {
        if (waiters.needsEvidence()) {
            due.add(waiters);
            flushLater();
        }
    }

    /** Runs after all queued tasks, so that one request serves all of them. */
    private void flushLater() {
        if (!flushQueued) {
            flushQueued = true;
            thread.execute(this::flush);
        }
    }

    private void flush() {
        flushQueued = false;
        List<ProjectionWaiters> asked = new ArrayList<>();
        Map<ProjectionWaiters, List<CompletableFuture<Offsets>>> told = new HashMap<>();
        for (ProjectionWaiters waiters : due) {
            if (waiters.beginFetch()) {
                asked.add(waiters);
                told.put(waiters, Objects.requireNonNullElse(curious.remove(waiters), List.of()));
            }
        }
        due.clear();
        long startedNanos = System.nanoTime();
        Map<String, CompletionStage<Committed>> committed = fetch(asked);
        for (ProjectionWaiters waiters : asked) {
            CompletionStage<Committed> offsets = committed.get(waiters.group());
            if (offsets != null) {
                offsets.whenComplete((known, failure) -> thread.execute(() ->
                        fetched(waiters, startedNanos, Objects.requireNonNull(told.get(waiters)), known, failure)));
            }
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // never cancelled
    private void fetched(
            ProjectionWaiters waiters,
            long startedNanos,
            List<CompletableFuture<Offsets>> told,
            @Nullable Committed offsets,
            @Nullable Throwable failure) {
        if (offsets == null) {
            Throwable cause = Objects.requireNonNull(failure);
            waiters.failed(cause);
            told.forEach(one -> one.completeExceptionally(cause));
            again(waiters, RETRY_MILLIS);
            return;
        }
        Offsets accepted = new Offsets(waiters.accept(offsets, startedNanos), startedNanos);
        told.forEach(one -> one.complete(accepted));
        long pauseMillis = waiters.hasNewerThan(startedNanos) ? 0 : POLL_MILLIS;
        if (waiters.needsBounds()) {
            look(waiters)
                    .whenComplete((looked, problem) -> again(waiters, problem == null ? pauseMillis : RETRY_MILLIS));
        } else {
            again(waiters, pauseMillis);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // never cancelled
    private void again(ProjectionWaiters waiters, long millis) {
        waiters.endFetch();
        if (curious.containsKey(waiters)) { // arrived during this fetch
            due.add(waiters);
            flushLater();
        }
        sampleIfNeeded(waiters);
        if (waiters.needsEvidence()) {
            thread.later(() -> fetchIfNeeded(waiters), millis);
        }
    }

    /** Asks for the bounds of the logs if they are not known; completes on the watermark thread. */
    CompletionStage<Void> lookIfNeeded(ProjectionWaiters waiters) {
        return waiters.evidence().fitsItsLogs() ? CompletableFuture.completedFuture(null) : look(waiters);
    }

    /**
     * Asks where the logs of the group begin and end; completes on the watermark thread after the bounds are accepted.
     */
    CompletionStage<Void> look(ProjectionWaiters waiters) {
        long startedNanos = System.nanoTime();
        GroupEvidence evidence = waiters.evidence();
        return groups.bounds(evidence.uncommitted(), evidence.committed().keySet())
                .whenCompleteAsync(
                        (bounds, failure) -> {
                            if (bounds != null) {
                                waiters.accept(bounds, startedNanos);
                            } else if (failure != null) {
                                waiters.failed(failure);
                            }
                        },
                        thread)
                .thenAccept(bounds -> {});
    }

    private Map<String, CompletionStage<Committed>> fetch(Collection<ProjectionWaiters> some) {
        Map<String, Set<TopicPartition>> partitions = new HashMap<>();
        some.forEach(waiters -> partitions
                .computeIfAbsent(waiters.group(), group -> new HashSet<>())
                .addAll(index.partitionsOf(waiters.topics())));
        return groups.committed(partitions);
    }

    /**
     * The offsets of each group, requested after now; from any thread. Each group has at most one request at a time,
     * whatever the number of callers. All due groups share as few requests as there are coordinators.
     *
     * @return each future fails if Kafka does not return the offsets
     */
    Map<ProjectionWaiters, CompletionStage<Offsets>> next(Collection<ProjectionWaiters> some) {
        Map<ProjectionWaiters, CompletableFuture<Offsets>> told = new LinkedHashMap<>();
        some.forEach(waiters -> told.put(waiters, new CompletableFuture<>()));
        thread.execute(() -> {
            told.forEach((waiters, one) ->
                    curious.computeIfAbsent(waiters, key -> new ArrayList<>()).add(one));
            due.addAll(some);
            flushLater();
        });
        return new LinkedHashMap<>(told);
    }

    /** The offset committed in one partition; the partition need not be in the index. */
    CompletionStage<Committed> committed(String group, TopicPartition partition) {
        return groups.committed(Map.of(group, Set.of(partition)))
                .getOrDefault(group, CompletableFuture.completedFuture(Committed.NOTHING));
    }
}
