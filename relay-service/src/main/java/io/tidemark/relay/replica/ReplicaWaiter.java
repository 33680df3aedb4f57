// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replica;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.relay.replica.StandbySession.State;
import io.tidemark.relay.source.Nudge;
import io.tidemark.relay.timeline.JudgedToken;
import io.tidemark.relay.timeline.TimelineHistory;
import io.tidemark.relay.timeline.TokenJudge;
import io.tidemark.relay.timeline.TokenVerdict;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** One question about one standby. The standby's thread judges it; any thread may complete {@link #answer}. */
final class ReplicaWaiter {

    /** Most writes reach the standby within this time. Only after it is a nudge worth its WAL. */
    static final long NUDGE_AFTER_MILLIS = 15;

    /** Maximum time that a question with {@code wait=0} is kept for the nudge that shows whether its token is ahead. */
    static final long AHEAD_MILLIS = 500;

    final CompletableFuture<ReplicaAnswer> answer = new CompletableFuture<>();
    private final Token token;
    private final LongSupplier nanoTime;
    private final long sinceNanos;
    private final long waitMillis;
    private boolean isNudgedFor;
    private volatile boolean isNudgeWritten;

    /** @param nanoTime the clock of {@link System#nanoTime} */
    ReplicaWaiter(Token token, long waitMillis, LongSupplier nanoTime) {
        this.token = token;
        this.nanoTime = nanoTime;
        this.sinceNanos = nanoTime.getAsLong();
        this.waitMillis = waitMillis;
    }

    /** The highest LSN of the token. */
    Lsn lsn() {
        return token.parts().stream().map(Token.Part::lsn).reduce(Lsn.ZERO, Lsn::max);
    }

    private boolean isOver() {
        return waitMillis > 0 ? waitedMillis() >= waitMillis : isNudgeWritten || waitedMillis() >= AHEAD_MILLIS;
    }

    private long waitedMillis() {
        return TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong() - sinceNanos);
    }

    /** Returns true once, when a nudge is useful: immediately with {@code wait=0}, otherwise after a delay. */
    boolean isToBeNudgedFor() {
        if (isNudgedFor || (waitMillis > 0 && waitedMillis() < NUDGE_AFTER_MILLIS)) {
            return false;
        }
        isNudgedFor = true;
        return true;
    }

    /** Whether a nudge still is of use for it; on any thread. */
    boolean isNudgeAwaited() {
        return !answer.isDone() && !isNudgeWritten;
    }

    /** On any thread. */
    void seeNudge(Nudge written) {
        boolean isAhead = token.parts().stream()
                .anyMatch(part -> part.timeline() == written.server().timeline()
                        && part.source().equals(written.server().sourceId())
                        && part.lsn().isAfter(written.lsn()));
        if (isAhead) {
            answer.complete(new ReplicaAnswer.Refused(
                    WatermarkStatus.AHEAD,
                    "ahead-of-wal",
                    "the token is beyond the primary's WAL, which ends at " + written.lsn()));
        }
        isNudgeWritten = true;
    }

    /** The answer for this state of the standby; empty while it may still catch up and the wait is not over. */
    Optional<ReplicaAnswer> judge(String sourceId, State state, TimelineHistory history) {
        if (!state.isStandby()) {
            return Optional.of(new ReplicaAnswer.Refused(
                    WatermarkStatus.UNKNOWN,
                    "not-a-standby",
                    "the server is not a standby any more: it was promoted, or it is the primary; correct"
                            + " postgres.replicas"));
        }
        JudgedToken judged = new TokenJudge("standby", sourceId, state.timeline(), history).judge(token);
        boolean isYounger =
                judged.parts().stream().anyMatch(judgedPart -> judgedPart.verdict() instanceof TokenVerdict.Younger);
        Optional<TokenVerdict.Refused> refusal = judged.refusal();
        if (refusal.isPresent()) {
            boolean othersAreReplayed = !isYounger
                    && judged.target().filter(state.replayed()::isAtLeast).isPresent();
            return Optional.of(new ReplicaAnswer.Refused(
                    refusal.get().status(),
                    refusal.get().code(),
                    refusal.get().reason(),
                    Optional.of(judged),
                    othersAreReplayed));
        }
        if (!isYounger && state.replayed().isAtLeast(lsn())) {
            return Optional.of(new ReplicaAnswer.Success(waitedMillis(), state.replayed(), state.timeline()));
        }
        if (!isOver()) {
            return Optional.empty();
        }
        String reason =
                isYounger ? "the token is from a newer timeline; the standby has not followed the failover yet" : "";
        return Optional.of(new ReplicaAnswer.Behind(waitedMillis(), state.replayed(), state.timeline(), reason));
    }
}
