// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

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
 * Asks Kafka how far groups have come: often while somebody waits for one, all that are due in one request, and whenever
 * a group is sampled, so that one that does not move is known. Confined to the watermark thread, but where said.
 */
final class GroupPolling {

    /** Between two looks at a group that somebody waits for. */
    private static final long POLL_MILLIS = 3;
    /** After Kafka has refused to tell. */
    private static final long RETRY_MILLIS = 200;

    private final PublishedIndex index;
    private final GroupOffsets groups;
    private final WatermarkThread thread;
    private final GroupSampling sampling;
    /** Whose offsets are to be fetched in the next request. */
    private final Set<ProjectionWaiters> due = new LinkedHashSet<>();

    /** Who wants to know of the next offsets that are asked for. */
    private final Map<ProjectionWaiters, List<CompletableFuture<Offsets>>> curious = new HashMap<>();

    private boolean flushQueued;

    /**
     * A group's offsets in its own topics.
     *
     * @param askedNanos when Kafka was asked
     */
    record Offsets(Map<TopicPartition, Long> committed, long askedNanos) {}

    /** @param isServing groups are looked at only while it holds */
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

    /** Asks what every group reads; from any thread. */
    void sampleAll() {
        thread.execute(sampling::all);
    }

    /** Completes when Kafka has told, or failed to tell, what the group reads, having been asked after now. */
    CompletionStage<Void> nextSample(ProjectionWaiters waiters) {
        return sampling.next(waiters);
    }

    private void sampled(ProjectionWaiters waiters) {
        due.add(waiters);
        flushLater();
    }

    /** Asks what the group reads, where that is needed now. */
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

    /** Behind what is queued already, so that one request serves all of it. */
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
        if (curious.containsKey(waiters)) { // came while this was under way
            due.add(waiters);
            flushLater();
        }
        sampleIfNeeded(waiters);
        if (waiters.needsEvidence()) {
            thread.later(() -> fetchIfNeeded(waiters), millis);
        }
    }

    /** Looks where that is not known; completes on the watermark thread. */
    CompletionStage<Void> lookIfNeeded(ProjectionWaiters waiters) {
        return waiters.evidence().fitsItsLogs() ? CompletableFuture.completedFuture(null) : look(waiters);
    }

    /** Asks where the logs begin and end that the group reads; completes on the watermark thread, once that is taken in. */
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
     * The offsets of each, asked for after now, from any thread. However many want to know, a group is asked once at a
     * time, and all that are due in as few requests as there are coordinators.
     *
     * @return each fails when Kafka does not tell
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

    /** The offset committed in one partition, whether the index knows it or not. */
    CompletionStage<Committed> committed(String group, TopicPartition partition) {
        return groups.committed(Map.of(group, Set.of(partition)))
                .getOrDefault(group, CompletableFuture.completedFuture(Committed.NOTHING));
    }
}
