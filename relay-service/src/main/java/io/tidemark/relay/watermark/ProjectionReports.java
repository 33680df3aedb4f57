// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.declared.Doubt;
import io.tidemark.relay.group.Committed;
import io.tidemark.relay.group.GroupState;
import io.tidemark.relay.group.PartitionNeed;
import io.tidemark.relay.index.PublishedIndex;
import io.tidemark.relay.reason.Reason;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;

/** The standing of projections, and which of them have consumed a record, by fresh offsets. Safe on any thread. */
public final class ProjectionReports {

    private static final long STANDING_SECONDS = 15;

    /** Timeout for one group's offsets when a report covers several groups. */
    private static final long TOLD_SECONDS = 2;

    private final Map<String, ProjectionWaiters> projections;
    private final PublishedIndex index;
    private final GroupPolling polling;
    private final Admission admission;
    private final WatermarkThread thread;

    ProjectionReports(
            Map<String, ProjectionWaiters> projections,
            PublishedIndex index,
            GroupPolling polling,
            Admission admission,
            WatermarkThread thread) {
        this.projections = projections;
        this.index = index;
        this.polling = polling;
        this.admission = admission;
        this.thread = thread;
    }

    private ProjectionWaiters waitersOf(String name) {
        ProjectionWaiters waiters = projections.get(name);
        if (waiters == null) {
            throw new IllegalArgumentException("no projection " + name);
        }
        return waiters;
    }

    /**
     * Runs the look, unless the maximum number of requests is reached.
     *
     * @param look counts against the limit until its result completes
     * @return empty if the limit is reached
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the callback cannot fail
    public <T> Optional<CompletionStage<T>> limited(Supplier<CompletionStage<T>> look) {
        if (admission.enterLook().isPresent()) {
            return Optional.empty();
        }
        CompletionStage<T> looked;
        try {
            looked = look.get();
        } catch (RuntimeException e) {
            admission.leaveLook();
            throw e;
        }
        looked.whenComplete((result, failure) -> admission.leaveLook());
        return Optional.of(looked);
    }

    /** The standing of the projection now; fails if Kafka does not return the offsets. */
    public CompletionStage<ProjectionStanding> standing(String name) {
        ProjectionWaiters waiters = waitersOf(name);
        long askedNanos = System.nanoTime();
        return standing(
                waiters, Objects.requireNonNull(polling.next(List.of(waiters)).get(waiters)), askedNanos);
    }

    /**
     * The standings of all projections, in the order of the configuration. Each is independent, so that none waits for
     * another's group.
     */
    public Map<String, CompletionStage<ProjectionStanding>> standings() {
        long askedNanos = System.nanoTime();
        Map<String, CompletionStage<ProjectionStanding>> standings = new LinkedHashMap<>();
        polling.next(projections.values())
                .forEach((waiters, offsets) ->
                        standings.put(waiters.projection().name(), standing(waiters, offsets, askedNanos)));
        return standings;
    }

    private CompletionStage<ProjectionStanding> standing(
            ProjectionWaiters waiters, CompletionStage<GroupPolling.Offsets> asked, long askedNanos) {
        return asked.thenComposeAsync(offsets -> polling.lookIfNeeded(waiters), thread)
                .thenComposeAsync(looked -> standing(waiters, waiters.evidence().committed(), askedNanos), thread)
                .toCompletableFuture()
                .orTimeout(STANDING_SECONDS, TimeUnit.SECONDS); // the thread drops tasks that arrive after it has ended
    }

    /** If what is known of the group is too old for the question, asks Kafka first what the group reads. */
    private CompletionStage<ProjectionStanding> standing(
            ProjectionWaiters waiters, Map<TopicPartition, Long> offsets, long startedNanos) {
        return waiters.isOutdated(offsets, startedNanos)
                ? polling.nextSample(waiters).thenApplyAsync(done -> standing(waiters, offsets), thread)
                : CompletableFuture.completedFuture(standing(waiters, offsets));
    }

    private ProjectionStanding standing(ProjectionWaiters waiters, Map<TopicPartition, Long> offsets) {
        long now = System.nanoTime();
        Lsn watermark = waiters.evidence().watermark(offsets); // read before what is published, to stay at or below it
        Lsn published = index.published();
        List<PartitionNeed> behind = waiters.evidence().behind(published, offsets);
        Optional<Doubt> unknown = waiters.refusal().or(() -> waiters.answers().whyUnknown(offsets, behind.isEmpty()));
        return new ProjectionStanding(
                waiters.projection(),
                watermark,
                published,
                behind,
                behind.stream().mapToLong(b -> b.need() - b.have()).sum(),
                behind.isEmpty() ? OptionalDouble.of(0) : secondsSince(index.publishedAfter(watermark)),
                unknown.isEmpty() ? waiters.history().state() : GroupState.UNKNOWN,
                waiters.history().sinceSeconds(now),
                waiters.history().members(),
                unknown.map(Doubt::reason).orElseGet(waiters.answers()::why),
                unknown.map(Doubt::code)
                        .orElse("group-" + waiters.history().state().word()));
    }

    private static OptionalDouble secondsSince(OptionalLong millis) {
        return millis.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(Math.max(0, System.currentTimeMillis() - millis.getAsLong()) / 1000.0);
    }

    /** Kafka's answer for one group, or why there is none: one group's failure must not affect others. */
    private record Told(Committed committed, String failure) {

        PartitionNeed of(TopicPartition partition, long need) {
            return failure.isEmpty()
                    ? new PartitionNeed(
                            partition.topic(),
                            partition.partition(),
                            need,
                            committed.offsets().getOrDefault(partition, 0L))
                    : unknown(partition.topic(), partition.partition(), need, failure);
        }
    }

    static PartitionNeed unknown(String topic, int partition, long need, String why) {
        return new PartitionNeed(topic, partition, need, PartitionNeed.UNKNOWN, "not known what is committed: " + why);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the callback cannot fail
    private static CompletableFuture<Told> told(CompletionStage<Committed> asked) {
        CompletableFuture<Told> told = new CompletableFuture<>(); // others must not complete Kafka's own future
        asked.whenComplete((committed, failure) -> told.complete(
                failure == null ? new Told(committed, "") : new Told(Committed.NOTHING, Reason.of(failure))));
        return told.completeOnTimeout(
                new Told(Committed.NOTHING, "Kafka did not answer in time"), TOLD_SECONDS, TimeUnit.SECONDS);
    }

    /**
     * The offset that the record needs in each projection that reads its topic: exactly the offset after it.
     *
     * @return by projection, in the order of the configuration
     */
    public CompletionStage<Map<String, PartitionNeed>> consumersOf(TopicPartition partition, long offset) {
        Map<String, CompletableFuture<Told>> asked = new LinkedHashMap<>();
        projections.forEach((name, waiters) -> {
            if (waiters.topics().contains(partition.topic())) {
                asked.put(name, told(polling.committed(waiters.group(), partition)));
            }
        });
        return CompletableFuture.allOf(asked.values().toArray(CompletableFuture[]::new))
                .thenApply(done -> {
                    Map<String, PartitionNeed> needs = new LinkedHashMap<>();
                    asked.forEach((name, told) -> needs.put(name, told.join().of(partition, offset + 1)));
                    return needs;
                });
    }

    /** When the first entry above {@code lsn} was published; see {@link PublishedIndex#publishedAfter}. */
    public OptionalLong publishedAfter(Lsn lsn) {
        return index.publishedAfter(lsn);
    }
}
