// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.relay.declared.GroupReading;
import io.tidemark.relay.group.GroupOffsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Asks Kafka who is in the groups and what they read: of each now and then, and at once where a {@code success} hangs on
 * it. All that are due go into one question. Confined to the watermark thread, but where said.
 */
final class GroupSampling {

    /** Between two samples of all groups: often enough to see within its time that one has stalled. */
    private static final long LONGEST_SAMPLE_MILLIS = 10_000;

    private static final long SHORTEST_SAMPLE_MILLIS = 250;
    private static final int SAMPLES_A_STALL = 6;
    /** Between two samples that questions ask for, however many ask. */
    private static final long NEXT_SAMPLE_MILLIS = 50;

    /** After Kafka has refused to tell. */
    private static final long RETRY_MILLIS = 200;

    private final Collection<ProjectionWaiters> projections;
    private final GroupOffsets groups;
    private final WatermarkThread thread;
    private final BooleanSupplier isServing;
    private final Consumer<ProjectionWaiters> sampled;
    private final Set<ProjectionWaiters> due = new LinkedHashSet<>();
    private final Set<ProjectionWaiters> asked = new LinkedHashSet<>();
    /** Who wants to know of the next sample that is begun. */
    private final Map<ProjectionWaiters, List<CompletableFuture<Void>>> curious = new HashMap<>();

    private boolean isQueued;
    private long askedNanos = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(NEXT_SAMPLE_MILLIS);

    /**
     * For all projections.
     *
     * @param isServing groups are looked at only while it holds
     * @param sampled is told of each that Kafka has told of
     */
    GroupSampling(
            Collection<ProjectionWaiters> projections,
            GroupOffsets groups,
            WatermarkThread thread,
            BooleanSupplier isServing,
            Consumer<ProjectionWaiters> sampled) {
        this.projections = projections;
        this.groups = groups;
        this.thread = thread;
        this.isServing = isServing;
        this.sampled = sampled;
    }

    /** Looks at every group again and again, from any thread. */
    void start() {
        if (!projections.isEmpty()) {
            repeatAfter(SHORTEST_SAMPLE_MILLIS);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // never cancelled
    private void repeatAfter(long millis) {
        thread.later(this::repeat, millis);
    }

    private void repeat() {
        try {
            all();
        } finally {
            long shortest = projections.stream()
                    .mapToLong(waiters -> waiters.projection().stalledAfter().toMilliseconds())
                    .min()
                    .orElse(LONGEST_SAMPLE_MILLIS);
            repeatAfter(Math.max(SHORTEST_SAMPLE_MILLIS, Math.min(LONGEST_SAMPLE_MILLIS, shortest / SAMPLES_A_STALL)));
        }
    }

    /** Every group, soon. */
    void all() {
        if (isServing.getAsBoolean()) {
            projections.forEach(this::want);
        }
    }

    /** A sample that is begun after now. */
    void want(ProjectionWaiters waiters) {
        due.add(waiters);
        if (!asked.contains(waiters)) {
            queue();
        }
    }

    /** Completes when Kafka has told, or failed to tell, having been asked after now. */
    CompletionStage<Void> next(ProjectionWaiters waiters) {
        CompletableFuture<Void> told = new CompletableFuture<>();
        curious.computeIfAbsent(waiters, key -> new ArrayList<>()).add(told);
        want(waiters);
        return told;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // never cancelled
    private void queue() {
        if (!isQueued) {
            isQueued = true;
            long sinceMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - askedNanos);
            thread.later(this::ask, Math.max(0, NEXT_SAMPLE_MILLIS - sinceMillis));
        }
    }

    private void ask() {
        isQueued = false;
        List<ProjectionWaiters> now = new ArrayList<>(due);
        now.removeAll(asked);
        due.removeAll(now);
        if (now.isEmpty()) {
            return;
        }
        askedNanos = System.nanoTime();
        long begunNanos = askedNanos;
        Map<String, CompletionStage<GroupReading>> readings =
                groups.reading(now.stream().map(ProjectionWaiters::group).collect(Collectors.toSet()));
        asked.addAll(now);
        for (ProjectionWaiters waiters : now) {
            List<CompletableFuture<Void>> told = Objects.requireNonNullElse(curious.remove(waiters), List.of());
            Objects.requireNonNull(readings.get(waiters.group()))
                    .whenComplete((reading, failure) -> thread.execute(() -> {
                        answered(waiters, reading, begunNanos, failure);
                        told.forEach(one -> one.complete(null));
                    }));
        }
    }

    private void answered(
            ProjectionWaiters waiters, @Nullable GroupReading reading, long begunNanos, @Nullable Throwable failure) {
        asked.remove(waiters);
        if (due.contains(waiters)) {
            queue();
        }
        if (reading != null) {
            waiters.seeGroup(reading, begunNanos);
            sampled.accept(waiters);
        } else if (failure != null) {
            waiters.sampleFailed(failure);
            askedNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(RETRY_MILLIS - NEXT_SAMPLE_MILLIS);
        }
    }
}
