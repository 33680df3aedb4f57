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
 * Asks Kafka for the members of groups and what they read: for every group at an interval, and immediately if a
 * {@code success} depends on it. All due groups share one request. Confined to the watermark thread, except where
 * noted.
 */
final class GroupSampling {

    /** Maximum time between two samples of all groups: short enough to notice a stalled group in time. */
    private static final long LONGEST_SAMPLE_MILLIS = 10_000;

    private static final long SHORTEST_SAMPLE_MILLIS = 250;
    private static final int SAMPLES_A_STALL = 6;
    /** Minimum time between two samples that questions ask for, whatever the number of questions. */
    private static final long NEXT_SAMPLE_MILLIS = 50;

    /** Time before another attempt after Kafka returned an error. */
    private static final long RETRY_MILLIS = 200;

    private final Collection<ProjectionWaiters> projections;
    private final GroupOffsets groups;
    private final WatermarkThread thread;
    private final BooleanSupplier isServing;
    private final Consumer<ProjectionWaiters> sampled;
    private final Set<ProjectionWaiters> due = new LinkedHashSet<>();
    private final Set<ProjectionWaiters> asked = new LinkedHashSet<>();
    /** Futures that wait for the next sample to be started. */
    private final Map<ProjectionWaiters, List<CompletableFuture<Void>>> curious = new HashMap<>();

    private boolean isQueued;
    private long askedNanos = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(NEXT_SAMPLE_MILLIS);

    /**
     * For all projections.
     *
     * @param isServing groups are asked about only while this is true
     * @param sampled called with each projection for which Kafka has answered
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

    /** Starts the repeated samples of every group; from any thread. */
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

    /** Requests a sample of every group. */
    void all() {
        if (isServing.getAsBoolean()) {
            projections.forEach(this::want);
        }
    }

    /** Requests a sample that starts after now. */
    void want(ProjectionWaiters waiters) {
        due.add(waiters);
        if (!asked.contains(waiters)) {
            queue();
        }
    }

    /** Completes when a request made after now has returned, or has failed to return, what the group reads. */
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
