// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.relay.declared.Doubt;
import io.tidemark.relay.evidence.GroupEvidence;
import io.tidemark.relay.group.PartitionNeed;
import io.tidemark.relay.index.PublishedIndex;
import io.tidemark.relay.timeline.JudgedToken;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/** What a token needs from projections: the offset in each partition. Safe on any thread. */
public final class TokenRequirements {

    private static final long ANSWER_SECONDS = 15;

    /** A question about one projection, as {@link Watermarks#ask} takes it. */
    @FunctionalInterface
    interface Question {

        CompletableFuture<Answer> ask(String projection, Token token, long waitMillis);
    }

    private final Question question;
    private final Supplier<Optional<ServedSource>> served;
    private final Function<String, ProjectionWaiters> projections;
    private final Supplier<Map<String, String>> topicIds;
    private final PublishedIndex index;
    private final WatermarkThread thread;

    /**
     * What tokens need from these projections.
     *
     * @param projections by name; throws {@link IllegalArgumentException} for a name that is not configured
     * @param topicIds Kafka's ids of the declared topics; called on the thread
     */
    TokenRequirements(
            Question question,
            Supplier<Optional<ServedSource>> served,
            Function<String, ProjectionWaiters> projections,
            Supplier<Map<String, String>> topicIds,
            PublishedIndex index,
            WatermarkThread thread) {
        this.question = question;
        this.served = served;
        this.projections = projections;
        this.topicIds = topicIds;
        this.index = index;
        this.thread = thread;
    }

    /**
     * The offsets that a token needs in each projection, and the offsets of its group.
     *
     * @param published read before the needs, so that none are missing for a token at or below it
     * @param projections in the order of the configuration
     * @param topicIds Kafka's ids of the topics to which the offsets belong; a topic without one was not seen yet
     */
    public record Requirements(Lsn published, List<Requirement> projections, Map<String, String> topicIds) {}

    /**
     * The offsets that a token needs in one projection.
     *
     * @param answer empty if the group was not asked and nothing else decides
     * @param partitions every partition in which something must have been consumed; empty if the token is not published
     *     or is refused
     */
    public record Requirement(String projection, Optional<Answer> answer, List<PartitionNeed> partitions) {}

    /**
     * The offsets that the token needs in these projections. Does not wait, except for a nudge. If Kafka does not
     * answer for one group, only that group's projection is unknown.
     *
     * @return fails if the index changed to another source or generation meanwhile
     */
    public CompletionStage<Requirements> withGroups(Token token, List<String> names) {
        long generation = index.generation();
        Optional<ServedSource> source = served.get();
        Map<String, CompletableFuture<Answer>> asked = new LinkedHashMap<>();
        names.forEach(name -> asked.put(name, question.ask(name, token, 0)));
        return CompletableFuture.allOf(asked.values().toArray(CompletableFuture[]::new))
                .thenApplyAsync(
                        done -> {
                            Lsn published = index.published();
                            List<Requirement> all = new ArrayList<>();
                            asked.forEach((name, answer) -> all.add(new Requirement(
                                    name,
                                    Optional.of(answer.join()),
                                    needsOf(answer.join(), needs(name, source, token, published)))));
                            return requirements(source, generation, published, all);
                        },
                        thread)
                .orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS);
    }

    /** The same from the index alone: asks no group and waits for none. */
    public CompletionStage<Requirements> withoutGroups(Token token, List<String> names) {
        long generation = index.generation();
        Optional<ServedSource> source = served.get();
        return CompletableFuture.supplyAsync(
                        () -> {
                            Lsn published = index.published();
                            List<Requirement> all = names.stream()
                                    .map(name -> withoutGroup(name, source, token, published))
                                    .toList();
                            return requirements(source, generation, published, all);
                        },
                        thread)
                .orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS);
    }

    private Requirements requirements(
            Optional<ServedSource> source, long generation, Lsn published, List<Requirement> all) {
        if (source.isEmpty()
                || generation != index.generation()
                || !index.isAbout(source.get().identity())) {
            throw new IllegalStateException("the index was lost while it was asked");
        }
        return new Requirements(published, all, topicIds.get());
    }

    private Requirement withoutGroup(String name, Optional<ServedSource> source, Token token, Lsn published) {
        ProjectionWaiters waiters = projections.apply(name);
        Optional<JudgedToken> judged = source.map(one -> one.judge(token));
        Optional<Answer> refused = judged.flatMap(
                        one -> one.refusal().<Answer>map(refusal -> Answer.Refused.of(refusal, one, Optional.empty())))
                .or(() -> waiters.refusal().map(Answer.Refused::unknown))
                .or(() -> judged.flatMap(JudgedToken::target).flatMap(lsn -> EvidenceAnswers.leftOut(index, lsn)));
        if (refused.isEmpty()
                && judged.flatMap(JudgedToken::target)
                        .filter(published::isAtLeast)
                        .isEmpty()) { // its event may be the one that creates a declared topic
            return new Requirement(name, Optional.of(new Answer.SourceBehind(0, published)), List.of());
        }
        if (refused.isPresent()) {
            return new Requirement(name, refused, List.of());
        }
        List<PartitionNeed> needs = needs(name, source, token, published);
        Optional<Doubt> hollow = needs.isEmpty() ? waiters.knownHollow() : Optional.empty(); // else offsets decide
        return hollow.isPresent()
                ? new Requirement(name, hollow.map(Answer.Refused::unknown), List.of())
                : new Requirement(name, Optional.empty(), withoutOffsets(needs));
    }

    /** Why the answer does not depend on the committed offsets; empty if it does. */
    private static Optional<String> whyNotOfGroup(Answer answer) {
        if (answer instanceof Answer.Unavailable unavailable) {
            return Optional.of(unavailable.reason());
        }
        return answer instanceof Answer.TooManyWaiters ? Optional.of("too many requests wait") : Optional.empty();
    }

    private static List<PartitionNeed> needsOf(Answer answer, List<PartitionNeed> needs) {
        return whyNotOfGroup(answer)
                .map(why -> needs.stream()
                        .map(need -> ProjectionReports.unknown(need.topic(), need.partition(), need.need(), why))
                        .toList())
                .orElse(needs);
    }

    private static List<PartitionNeed> withoutOffsets(List<PartitionNeed> needs) {
        return needs.stream()
                .map(need -> new PartitionNeed(need.topic(), need.partition(), need.need(), PartitionNeed.UNKNOWN))
                .toList();
    }

    /** On the watermark thread. */
    private List<PartitionNeed> needs(String name, Optional<ServedSource> source, Token token, Lsn published) {
        GroupEvidence evidence = projections.apply(name).evidence();
        Optional<Lsn> target = source.map(served -> served.judge(token)).flatMap(TokenRequirements::targetOfAll);
        return target.filter(published::isAtLeast).isEmpty()
                ? List.of()
                : evidence.needs(target.get(), evidence.committed());
    }

    private static Optional<Lsn> targetOfAll(JudgedToken judged) {
        return judged.refusal().isPresent() ? Optional.empty() : judged.target();
    }
}
