package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
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

/** Where projections stand, and what a token or an event asks of them, by fresh offsets. Safe on any thread. */
public final class ProjectionReports {

    private static final long STANDING_SECONDS = 15;

    /** How long one group may keep what is told of all of them. */
    private static final long TOLD_SECONDS = 2;

    /** A question about one projection, as {@link Watermarks#ask} takes it. */
    @FunctionalInterface
    interface Question {

        CompletableFuture<Answer> ask(String projection, Token token, long waitMillis);
    }

    private final Question question;
    private final Supplier<Optional<ServedSource>> served;
    private final Map<String, ProjectionWaiters> projections;
    private final PublishedIndex index;
    private final GroupPolling polling;
    private final WatermarkThread thread;

    ProjectionReports(
            Question question,
            Supplier<Optional<ServedSource>> served,
            Map<String, ProjectionWaiters> projections,
            PublishedIndex index,
            GroupPolling polling,
            WatermarkThread thread) {
        this.question = question;
        this.served = served;
        this.projections = projections;
        this.index = index;
        this.polling = polling;
        this.thread = thread;
    }

    private ProjectionWaiters waitersOf(String name) {
        ProjectionWaiters waiters = projections.get(name);
        if (waiters == null) {
            throw new IllegalArgumentException("no projection " + name);
        }
        return waiters;
    }

    /** Where the projection stands now; fails when Kafka does not tell. */
    public CompletionStage<ProjectionStanding> standing(String name) {
        ProjectionWaiters waiters = waitersOf(name);
        long startedNanos = System.nanoTime();
        return standing(waiters, polling.fetch(waiters), startedNanos);
    }

    /** The same of all, in the order of the configuration; Kafka is asked in as few requests as can be. */
    public Map<String, CompletionStage<ProjectionStanding>> standings() {
        long startedNanos = System.nanoTime();
        Map<String, CompletionStage<Committed>> offsets = polling.fetch(projections.values());
        Map<String, CompletionStage<ProjectionStanding>> standings = new LinkedHashMap<>();
        projections.forEach((name, waiters) -> standings.put(
                name, standing(waiters, Objects.requireNonNull(offsets.get(waiters.group())), startedNanos)));
        return standings;
    }

    private CompletionStage<ProjectionStanding> standing(
            ProjectionWaiters waiters, CompletionStage<Committed> asked, long startedNanos) {
        return asked.thenComposeAsync(
                        read -> {
                            waiters.accept(read, startedNanos);
                            return polling.lookIfNeeded(waiters);
                        },
                        thread)
                .thenComposeAsync(looked -> standing(waiters, waiters.evidence().committed(), startedNanos), thread)
                .toCompletableFuture()
                .orTimeout(STANDING_SECONDS, TimeUnit.SECONDS); // the thread drops what comes after its end
    }

    /** Where it would look well only for want of knowing better, Kafka is asked first what the group reads. */
    private CompletionStage<ProjectionStanding> standing(
            ProjectionWaiters waiters, Map<TopicPartition, Long> offsets, long startedNanos) {
        return waiters.isOutdated(offsets, startedNanos)
                ? polling.nextSample(waiters).thenApplyAsync(done -> standing(waiters, offsets), thread)
                : CompletableFuture.completedFuture(standing(waiters, offsets));
    }

    private ProjectionStanding standing(ProjectionWaiters waiters, Map<TopicPartition, Long> offsets) {
        long now = System.nanoTime();
        Lsn watermark = waiters.evidence().watermark(offsets); // before what is published, which it never is above
        Lsn published = index.published();
        List<PartitionNeed> behind = waiters.evidence().behind(published, offsets);
        Optional<String> unknown = waiters.refusal().or(() -> waiters.answers().whyUnknown(offsets, behind.isEmpty()));
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
                unknown.orElseGet(waiters.answers()::why));
    }

    private static OptionalDouble secondsSince(OptionalLong millis) {
        return millis.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(Math.max(0, System.currentTimeMillis() - millis.getAsLong()) / 1000.0);
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
    public record Requirement(String projection, Answer answer, List<PartitionNeed> partitions) {}

    /**
     * What the token asks of every projection; nobody waits, but for a nudge.
     *
     * @return fails when the index is about something else by the end
     */
    public CompletionStage<Requirements> requirements(Token token) {
        Optional<ServedSource> source = served.get();
        long generation = index.generation();
        Map<String, CompletableFuture<Answer>> asked = new LinkedHashMap<>();
        projections.keySet().forEach(name -> asked.put(name, question.ask(name, token, 0)));
        return CompletableFuture.allOf(asked.values().toArray(CompletableFuture[]::new))
                .thenCompose(done -> {
                    Lsn published = index.published();
                    List<CompletableFuture<Requirement>> all = asked.entrySet().stream()
                            .map(entry -> needs(entry.getKey(), source, token, published)
                                    .thenApply(needs -> new Requirement(
                                            entry.getKey(), entry.getValue().join(), needs))
                                    .toCompletableFuture())
                            .toList();
                    return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
                            .thenApply(complete -> {
                                if (source.isEmpty() || generation != index.generation()) {
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

    private CompletionStage<List<PartitionNeed>> needs(
            String name, Optional<ServedSource> source, Token token, Lsn published) {
        ProjectionWaiters waiters = waitersOf(name);
        if (source.isEmpty()
                || !(source.get().judge(token) instanceof ServedSource.Target target)
                || target.lsn().isAfter(published)) {
            return CompletableFuture.completedFuture(List.of());
        }
        return told(polling.fetch(waiters))
                .thenApply(told -> waiters
                        .evidence()
                        .needs(target.lsn(), told.committed().offsets())
                        .stream()
                        .map(told::note)
                        .toList());
    }

    /** What Kafka has told of one group, or why it has not: one group that cannot be told must not take others with it. */
    private record Told(Committed committed, String failure) {

        /** Where the offset is not known, that is said; it is not that there is none. */
        PartitionNeed note(PartitionNeed need) {
            return failure.isEmpty()
                    ? need
                    : new PartitionNeed(
                            need.topic(), need.partition(), need.need(), 0, "not known what is committed: " + failure);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // what is done then cannot fail
    private static CompletableFuture<Told> told(CompletionStage<Committed> asked) {
        CompletableFuture<Told> told = new CompletableFuture<>(); // Kafka's own must not be completed by others
        asked.whenComplete((committed, failure) -> told.complete(
                failure == null ? new Told(committed, "") : new Told(Committed.NOTHING, Reason.of(failure))));
        return told.completeOnTimeout(
                new Told(Committed.NOTHING, "Kafka did not tell in time"), TOLD_SECONDS, TimeUnit.SECONDS);
    }

    /**
     * What the record at that offset asks of each projection that reads its topic: the offset after it, exactly.
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
                    asked.forEach((name, answer) -> {
                        Told told = answer.join();
                        long have = told.committed().offsets().getOrDefault(partition, 0L);
                        needs.put(
                                name,
                                told.note(
                                        new PartitionNeed(partition.topic(), partition.partition(), offset + 1, have)));
                    });
                    return needs;
                });
    }

    /** When the first thing above {@code lsn} was published; see {@link PublishedIndex#publishedAfter}. */
    public OptionalLong publishedAfter(Lsn lsn) {
        return index.publishedAfter(lsn);
    }
}
