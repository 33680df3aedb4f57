// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** One wait for several projections: for all of them, or for the first. Safe on any thread. */
public final class JointWait {

    /** How long the others are waited for once one has decided: a group that Kafka does not tell of must not delay it. */
    private static final long OTHERS_MILLIS = 250;

    private static final Answer.Unavailable OVER =
            new Answer.Unavailable("another projection has decided, and Kafka has not told this group's offsets since");

    /** Whom it waits for. */
    public enum Mode {
        /** Over when one of them answers anything but success. */
        ALL,
        /** Over with the first success. */
        ANY
    }

    /**
     * How it ended.
     *
     * @param deciding the answer of the one that decided
     * @param answers of all of them; of those that were not waited for to the end, how they stood then
     */
    public record Result(long waitedMillis, Answer deciding, Map<String, Answer> answers) {}

    /** A question about one projection, as {@link Watermarks#ask} takes it. */
    @FunctionalInterface
    public interface Question {

        /** @param waitMillis 0 for an answer without waiting */
        CompletableFuture<Answer> ask(String projection, long waitMillis);
    }

    private JointWait() {}

    /**
     * Waits for each of them.
     *
     * @param projections configured names, at least one
     * @return completes with the result, never exceptionally; whoever does not want it any more cancels
     */
    @SuppressWarnings("FutureReturnValueIgnored") // what is done then cannot fail
    public static CompletableFuture<Result> await(
            Question question, List<String> projections, long waitMillis, Mode mode) {
        long startedNanos = System.nanoTime();
        Map<String, CompletableFuture<Answer>> asked = new LinkedHashMap<>();
        projections.forEach(name -> asked.put(name, question.ask(name, waitMillis)));
        Predicate<Answer> decides = answer -> (answer instanceof Answer.Success) == (mode == Mode.ANY);
        CompletableFuture<Result> result = new CompletableFuture<>();
        over(asked, decides)
                .thenCompose(decided -> {
                    Map<String, CompletableFuture<Answer>> last = new LinkedHashMap<>();
                    asked.forEach((name, answer) -> {
                        boolean isGiven = answer.isDone();
                        answer.cancel(false);
                        last.put(
                                name,
                                isGiven
                                        ? answer
                                        : question.ask(name, 0)
                                                .completeOnTimeout(OVER, OTHERS_MILLIS, TimeUnit.MILLISECONDS));
                    });
                    return allOf(last).thenApply(done -> {
                        Map<String, Answer> answers = new LinkedHashMap<>();
                        last.forEach((name, answer) -> answers.put(name, answer.join()));
                        Answer deciding = decided.orElseGet(() -> firstKnown(answers));
                        return new Result((System.nanoTime() - startedNanos) / 1_000_000, deciding, answers);
                    });
                })
                .whenComplete((done, bug) -> {
                    if (bug == null) {
                        result.complete(done);
                    } else {
                        result.completeExceptionally(bug);
                    }
                });
        result.whenComplete((given, failure) -> {
            if (result.isCancelled()) {
                asked.values().forEach(answer -> answer.cancel(false));
            }
        });
        return result;
    }

    /** One that cannot be told does not take the others' answers with it. */
    private static Answer firstKnown(Map<String, Answer> answers) {
        return answers.values().stream()
                .filter(answer -> !(answer instanceof Answer.Unavailable) && !(answer instanceof Answer.TooManyWaiters))
                .findFirst()
                .orElseGet(() -> answers.values().iterator().next());
    }

    /**
     * With the answer that decides; without one when all have answered and none does. Counted by hand: what is attached
     * to a future runs in no order, and {@code allOf} may be complete before its last answer has been looked at.
     */
    @SuppressWarnings("FutureReturnValueIgnored") // what is done then cannot fail
    private static CompletableFuture<Optional<Answer>> over(
            Map<String, CompletableFuture<Answer>> asked, Predicate<Answer> decides) {
        CompletableFuture<Optional<Answer>> over = new CompletableFuture<>();
        AtomicInteger unanswered = new AtomicInteger(asked.size());
        asked.values()
                .forEach(answer -> answer.thenAccept(given -> {
                    if (decides.test(given)) {
                        over.complete(Optional.of(given));
                    }
                    if (unanswered.decrementAndGet() == 0) {
                        over.complete(Optional.empty());
                    }
                }));
        return over;
    }

    private static CompletableFuture<Void> allOf(Map<String, CompletableFuture<Answer>> answers) {
        return CompletableFuture.allOf(answers.values().toArray(CompletableFuture[]::new));
    }
}
