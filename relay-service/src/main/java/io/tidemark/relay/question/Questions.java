// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.question;

import io.tidemark.outbox.Token;
import io.tidemark.relay.config.WatermarkConfig;
import io.tidemark.relay.source.Nudges;
import io.tidemark.relay.watermark.Answer;
import io.tidemark.relay.watermark.Watermarks;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Puts every kind of question to the watermarks. Safe on any thread; blocks none. */
public final class Questions {

    /**
     * Puts a question about a token, as {@link Watermarks#ask} takes it.
     *
     * @param <R> the answer
     */
    @FunctionalInterface
    public interface Ask<R> {

        /** @return completes with the answer, never exceptionally; is cancelled if the answer is no longer needed */
        CompletableFuture<R> ask(Token token, long waitMillis);
    }

    private final Watermarks watermarks;
    private final Nudges nudges;
    private final WatermarkConfig config;
    private final WalLooks looks;

    public Questions(Watermarks watermarks, Nudges nudges, WatermarkConfig config) {
        this(watermarks, nudges, config, looks(nudges));
    }

    Questions(Watermarks watermarks, Nudges nudges, WatermarkConfig config, WalLooks looks) {
        this.watermarks = watermarks;
        this.nudges = nudges;
        this.config = config;
        this.looks = looks;
    }

    private static WalLooks looks(Nudges nudges) {
        Executor later =
                CompletableFuture.delayedExecutor(WalLooks.INTERVAL_MILLIS, TimeUnit.MILLISECONDS, Runnable::run);
        return new WalLooks(nudges::walEnd, System::nanoTime, later::execute);
    }

    /**
     * Asks about one projection.
     *
     * @param projection one of the configured names
     * @param waitMillis maximum wait, limited to the configured maximum; 0 answers with the first evidence
     */
    public CompletableFuture<Outcome<Answer>> ask(String projection, Question question, long waitMillis) {
        return ask(
                question,
                waitMillis,
                (token, millis) -> watermarks.ask(projection, token, millis),
                Answer.Success.class::isInstance);
    }

    /**
     * Puts the question.
     *
     * @param isCaughtUp whether an answer is the one that was hoped for
     * @return completes with the outcome, never exceptionally; a caller that no longer needs it cancels it
     */
    public <R> CompletableFuture<Outcome<R>> ask(
            Question question, long waitMillis, Ask<R> ask, Predicate<R> isCaughtUp) {
        long bounded = Math.min(waitMillis, config.maxWait().toMilliseconds());
        return new OpenQuestion<>(this, bounded, ask, isCaughtUp).put(question);
    }

    Watermarks watermarks() {
        return watermarks;
    }

    Nudges nudges() {
        return nudges;
    }

    WalLooks looks() {
        return looks;
    }

    /** The answer if no further request is let in. */
    Answer tooMany() {
        return new Answer.TooManyWaiters(config.maxWaiters(), "watermark.maxWaiters");
    }
}
