package io.tidemark.relay.watermark;

import io.tidemark.relay.group.Committed;
import io.tidemark.relay.group.GroupOffsets;
import io.tidemark.relay.index.PublishedIndex;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Asks Kafka how far groups have come: often while somebody waits for one, all that are due in one request, and now and
 * then for each, so that one that does not move is known. Confined to the watermark thread.
 */
final class GroupPolling {

    /** Between two looks at a group that somebody waits for. */
    private static final long POLL_MILLIS = 3;
    /** After Kafka has refused to tell. */
    private static final long RETRY_MILLIS = 200;

    /** Between two looks at all groups: often enough to see within its time that one has stalled. */
    private static final long LONGEST_SAMPLE_MILLIS = 10_000;

    private static final long SHORTEST_SAMPLE_MILLIS = 250;
    private static final int SAMPLES_A_STALL = 6;

    private final Collection<ProjectionWaiters> projections;
    private final PublishedIndex index;
    private final GroupOffsets groups;
    private final WatermarkThread thread;
    private final BooleanSupplier isServing;
    /** Whose offsets are to be fetched in the next request. */
    private final Set<ProjectionWaiters> due = new LinkedHashSet<>();

    private boolean flushQueued;

    /** @param isServing groups are looked at only while it holds */
    GroupPolling(
            Collection<ProjectionWaiters> projections,
            PublishedIndex index,
            GroupOffsets groups,
            WatermarkThread thread,
            BooleanSupplier isServing) {
        this.projections = projections;
        this.index = index;
        this.groups = groups;
        this.thread = thread;
        this.isServing = isServing;
    }

    /** Looks at every group again and again, from any thread. */
    void start() {
        if (!projections.isEmpty()) {
            sampleAfter(SHORTEST_SAMPLE_MILLIS);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // never cancelled
    private void sampleAfter(long millis) {
        thread.later(this::sample, millis);
    }

    private void sample() {
        try {
            sampleOnce();
        } finally {
            long shortest = projections.stream()
                    .mapToLong(waiters -> waiters.projection().stalledAfter().toMilliseconds())
                    .min()
                    .orElse(LONGEST_SAMPLE_MILLIS);
            sampleAfter(Math.max(SHORTEST_SAMPLE_MILLIS, Math.min(LONGEST_SAMPLE_MILLIS, shortest / SAMPLES_A_STALL)));
        }
    }

    private void sampleOnce() {
        if (!isServing.getAsBoolean()) {
            return;
        }
        Map<String, CompletionStage<Integer>> members = groups.members(
                projections.stream().map(waiters -> waiters.group()).collect(Collectors.toSet()));
        projections.forEach(waiters -> {
            CompletionStage<Integer> count = members.get(waiters.group());
            if (count != null) {
                count.thenAccept(known -> thread.execute(() -> {
                    waiters.seeMembers(known, System.nanoTime());
                    due.add(waiters);
                    flushLater();
                }));
            }
        });
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
        for (ProjectionWaiters waiters : due) {
            if (waiters.beginFetch()) {
                asked.add(waiters);
            }
        }
        due.clear();
        long startedNanos = System.nanoTime();
        Map<String, CompletionStage<Committed>> committed = fetch(asked);
        for (ProjectionWaiters waiters : asked) {
            CompletionStage<Committed> offsets = committed.get(waiters.group());
            if (offsets != null) {
                offsets.whenComplete(
                        (known, failure) -> thread.execute(() -> fetched(waiters, startedNanos, known, failure)));
            }
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // never cancelled
    private void fetched(
            ProjectionWaiters waiters, long startedNanos, @Nullable Committed offsets, @Nullable Throwable failure) {
        waiters.endFetch();
        if (offsets != null) {
            waiters.accept(offsets, startedNanos);
        } else if (failure != null) {
            waiters.failed(failure);
        }
        if (waiters.needsEvidence()) {
            thread.later(() -> fetchIfNeeded(waiters), offsets != null ? POLL_MILLIS : RETRY_MILLIS);
        }
    }

    /** By group: the offsets now, in as few requests as there are coordinators; from any thread. */
    Map<String, CompletionStage<Committed>> fetch(Collection<ProjectionWaiters> some) {
        Map<String, Set<TopicPartition>> partitions = new HashMap<>();
        some.forEach(waiters -> partitions
                .computeIfAbsent(waiters.group(), group -> new HashSet<>())
                .addAll(index.partitionsOf(waiters.topics())));
        return groups.committed(partitions);
    }

    /** The same for one, in a request of its own. */
    CompletionStage<Committed> fetch(ProjectionWaiters waiters) {
        return committed(waiters.group(), index.partitionsOf(waiters.topics()));
    }

    /** The same for one partition, whether the index knows it or not. */
    CompletionStage<Committed> committed(String group, TopicPartition partition) {
        return committed(group, Set.of(partition));
    }

    private CompletionStage<Committed> committed(String group, Set<TopicPartition> partitions) {
        return groups.committed(Map.of(group, partitions))
                .getOrDefault(group, CompletableFuture.completedFuture(Committed.NOTHING));
    }
}
