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

/** One wait for several projections: for all of them, or for the first one. Safe on any thread. */
public final class JointWait {

    /**
     * Maximum time to wait for the other answers after one has decided. A group for which Kafka does not answer must
     * not delay the result.
     */
    private static final long OTHERS_MILLIS = 250;

    private static final Answer.Unavailable OVER = new Answer.Unavailable(
            "another projection has decided, and Kafka has not returned this group's offsets since");

    /** Which projections the wait needs. */
    public enum Mode {
        /** Ends when one projection answers anything but success. */
        ALL,
        /** Ends with the first success. */
        ANY
    }

    /**
     * The result of the wait.
     *
     * @param deciding the answer that decided
     * @param answers one for each projection; if the wait ended before a projection's answer, its answer at that moment
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
     * Waits for each of the projections.
     *
     * @param projections configured names, at least one
     * @return completes with the result, never exceptionally; a caller that no longer needs the result cancels it
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the callback cannot fail
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

    /** The first answer that is known, or the first one if none is: an unavailable answer must not hide the others. */
    private static Answer firstKnown(Map<String, Answer> answers) {
        return answers.values().stream()
                .filter(answer -> !(answer instanceof Answer.Unavailable) && !(answer instanceof Answer.TooManyWaiters))
                .findFirst()
                .orElseGet(() -> answers.values().iterator().next());
    }

    /**
     * Completes with the deciding answer, or empty if all have answered and none decides. Uses its own counter:
     * callbacks of a future run in no fixed order, and {@code allOf} may complete before the last answer has been
     * examined.
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the callback cannot fail
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
