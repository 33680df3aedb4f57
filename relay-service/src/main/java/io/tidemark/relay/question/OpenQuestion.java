// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.question;

import io.tidemark.outbox.Token;
import io.tidemark.relay.question.Outcome.Answered;
import io.tidemark.relay.question.Outcome.NotAsked;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.watermark.Answer;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One question, until it has an outcome. A look at the WAL that was made before the question is used only where the
 * question allows that much staleness. Steps run one after the other, on the threads of those who answer.
 */
final class OpenQuestion<R> {

    /** Minimum time for a look at Postgres, whatever the wait. */
    private static final long LOOK_MILLIS = 2_000;

    /** A remembered look must be younger than the bound by this fraction, so that it still counts when answered. */
    private static final int MARGIN = 8;

    private final Questions questions;
    private final long waitMillis;
    private final Questions.Ask<R> ask;
    private final Predicate<R> isCaughtUp;
    private final long askedNanos = System.nanoTime();
    private final CompletableFuture<Outcome<R>> outcome = new CompletableFuture<>();
    /** What it waits for now; cancelled with the question. */
    private volatile @Nullable CompletableFuture<?> pending;

    OpenQuestion(Questions questions, long waitMillis, Questions.Ask<R> ask, Predicate<R> isCaughtUp) {
        this.questions = questions;
        this.waitMillis = waitMillis;
        this.ask = ask;
        this.isCaughtUp = isCaughtUp;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the callback cannot fail
    CompletableFuture<Outcome<R>> put(Question question) {
        outcome.whenComplete((given, failure) -> {
            CompletableFuture<?> last = pending;
            if (outcome.isCancelled() && last != null) {
                last.cancel(false);
            }
        });
        if (question instanceof Question.OfToken ofToken) {
            ask(ofToken.token(), answer -> end(ofToken.token(), answer, OptionalLong.empty()));
        } else if (question instanceof Question.Within within) {
            questions.looks().keepLooking();
            askWithin(TimeUnit.MILLISECONDS.toNanos(within.maxStalenessMillis()));
        } else {
            look(look -> ask(look.token(), answer -> end(look.token(), answer, staleness(look, answer))));
        }
        return outcome;
    }

    /** Asks about the oldest look that is young enough, again and again: while the answer is awaited, looks grow old. */
    private void askWithin(long maxStalenessNanos) {
        Optional<WalLook> known = questions
                .watermarks()
                .served()
                .flatMap(served -> questions
                        .looks()
                        .firstSince(System.nanoTime() - maxStalenessNanos + maxStalenessNanos / MARGIN, served));
        if (known.isPresent()) {
            askWithin(known.get(), false, maxStalenessNanos);
        } else {
            lookAndAskWithin(maxStalenessNanos);
        }
    }

    private void lookAndAskWithin(long maxStalenessNanos) {
        look(look -> askWithin(look, true, maxStalenessNanos));
    }

    private void askWithin(WalLook look, boolean isFresh, long maxStalenessNanos) {
        ask(look.token(), answer -> {
            if (!isCaughtUp.test(answer)) {
                end(look.token(), answer, OptionalLong.empty());
            } else if (System.nanoTime() - look.begunNanos() <= maxStalenessNanos) {
                end(look.token(), answer, staleness(look, answer));
            } else if (waitLeftMillis() > 0) {
                askWithin(maxStalenessNanos);
            } else if (!isFresh) {
                lookAndAskWithin(maxStalenessNanos);
            } else {
                end(new Answer.Unavailable(
                        "Postgres and Kafka did not answer within maxStaleness, so it is not known how"
                                + " stale the projection is; ask with a larger maxStaleness, or with a token"));
            }
        });
    }

    private OptionalLong staleness(WalLook look, R answer) {
        long millis = (System.nanoTime() - look.begunNanos() + 999_999) / 1_000_000; // rounded up: never claims less
        return isCaughtUp.test(answer) ? OptionalLong.of(millis) : OptionalLong.empty();
    }

    private long waitLeftMillis() {
        long waited = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - askedNanos);
        return Math.max(0, waitMillis - waited);
    }

    /** Looks at the end of the WAL, at a time after the question. */
    @SuppressWarnings("FutureReturnValueIgnored") // the callbacks cannot fail
    private void look(Consumer<WalLook> then) {
        Optional<SourceIdentity> served = questions.watermarks().served();
        if (served.isEmpty()) {
            end(new Answer.Unavailable(questions.watermarks().whyNotServing()));
            return;
        }
        CompletableFuture<WalLook> look = new CompletableFuture<>();
        Optional<CompletionStage<WalLook>> begun = questions
                .watermarks()
                .reports()
                .limited(() -> {
                    CompletableFuture<WalLook> fresh = questions.looks().fresh();
                    look.whenComplete((made, failure) -> fresh.cancel(false));
                    return fresh;
                });
        if (begun.isEmpty()) {
            end(questions.tooMany());
            return;
        }
        begun.get().thenAccept(look::complete);
        await(
                look.orTimeout(Math.max(LOOK_MILLIS, waitLeftMillis()), TimeUnit.MILLISECONDS),
                made -> {
                    if (made.isOf(served.get())) {
                        then.accept(made);
                    } else {
                        questions.nudges().notOf(served.get());
                        end(new Answer.Unavailable("postgres.url leads to another server than the one that this replica"
                                + " answers for; a failover may be under way"));
                    }
                },
                late -> end(new Answer.Unavailable("Postgres did not return the end of its WAL in time")));
    }

    private void ask(Token token, Consumer<R> then) {
        await(ask.ask(token, waitLeftMillis()), then, outcome::completeExceptionally);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // a failure of the callback is passed on
    private <T> void await(CompletableFuture<T> next, Consumer<T> then, Consumer<Throwable> otherwise) {
        pending = next;
        if (outcome.isDone()) { // cancelled meanwhile
            next.cancel(false);
            return;
        }
        next.whenComplete((value, failure) -> {
            if (outcome.isDone()) {
                return;
            }
            if (failure != null) {
                otherwise.accept(failure);
                return;
            }
            try {
                then.accept(value);
            } catch (RuntimeException | Error bug) { // else nobody would answer
                outcome.completeExceptionally(bug);
            }
        });
    }

    private void end(Token token, R answer, OptionalLong stalenessMillis) {
        long waited = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - askedNanos);
        outcome.complete(new Answered<>(token, answer, waited, stalenessMillis));
    }

    private void end(Answer why) {
        outcome.complete(new NotAsked<>(why));
    }
}
