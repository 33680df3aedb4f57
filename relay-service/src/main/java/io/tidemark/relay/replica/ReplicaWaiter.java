package io.tidemark.relay.replica;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.relay.source.Nudge;
import io.tidemark.relay.source.StandbySession.State;
import io.tidemark.relay.source.TimelineHistory;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** One question about one standby. Judged on the standby's thread; anyone may complete {@link #answer}. */
final class ReplicaWaiter {

    /** What is written now mostly arrives by itself within this time; only then is a nudge worth its WAL. */
    static final long NUDGE_AFTER_MILLIS = 15;

    /** How long a question that does not wait is kept for the nudge that tells whether its token is ahead. */
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

    /** The highest of its LSNs, for which a nudge is worth while. */
    Lsn lsn() {
        return token.parts().stream().map(Token.Part::lsn).reduce(Lsn.ZERO, Lsn::max);
    }

    private boolean isOver() {
        return waitMillis > 0 ? waitedMillis() >= waitMillis : isNudgeWritten || waitedMillis() >= AHEAD_MILLIS;
    }

    private long waitedMillis() {
        return TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong() - sinceNanos);
    }

    /** True once, when a nudge is worth while for it: at once where it is all that could be waited for. */
    boolean isToBeNudgedFor() {
        if (isNudgedFor || (waitMillis > 0 && waitedMillis() < NUDGE_AFTER_MILLIS)) {
            return false;
        }
        isNudgedFor = true;
        return true;
    }

    /** On any thread. */
    void seeNudge(Nudge written) {
        boolean isAhead = token.parts().stream()
                .anyMatch(part -> part.timeline() == written.server().timeline()
                        && part.source().equals(written.server().sourceId())
                        && part.lsn().isAfter(written.lsn()));
        if (isAhead) {
            answer.complete(new ReplicaAnswer.Ahead("the primary's WAL has come only to " + written.lsn()));
        }
        isNudgeWritten = true;
    }

    /** What is to be said of this state of the standby; empty where it may still catch up, and its time is not over. */
    Optional<ReplicaAnswer> judge(String sourceId, State state, TimelineHistory history) {
        if (!state.isStandby()) {
            return Optional.of(new ReplicaAnswer.Unknown(
                    "it is no standby any more: it was promoted, or it is the primary; set postgres.replicas anew"));
        }
        boolean isYounger = false;
        for (Token.Part part : token.parts()) {
            Optional<ReplicaAnswer> refusal = refusal(part, sourceId, state, history);
            if (refusal.isPresent()) {
                return refusal;
            }
            isYounger |= part.timeline() > state.timeline();
        }
        if (!isYounger && state.replayed().isAtLeast(lsn())) {
            return Optional.of(new ReplicaAnswer.Success(waitedMillis(), state.replayed(), state.timeline()));
        }
        if (!isOver()) {
            return Optional.empty();
        }
        String reason = isYounger
                ? "the token is of a younger timeline than the standby's, which has yet to follow a failover"
                : "";
        return Optional.of(new ReplicaAnswer.Behind(waitedMillis(), state.replayed(), state.timeline(), reason));
    }

    private static Optional<ReplicaAnswer> refusal(
            Token.Part part, String sourceId, State state, TimelineHistory history) {
        if (!part.source().equals(sourceId)) {
            return Optional.of(new ReplicaAnswer.Foreign(
                    "the token is of source " + part.source() + ", and the standby's database is source " + sourceId));
        }
        if (part.timeline() >= state.timeline()) {
            return Optional.empty();
        }
        Optional<Lsn> shared = history.sharedUpTo(part.timeline());
        if (shared.isEmpty()) {
            return Optional.of(new ReplicaAnswer.Expired(
                    "the token is of timeline " + part.timeline() + ", to which the history of timeline "
                            + state.timeline() + " that the standby is on does not go back"));
        }
        if (part.lsn().isAfter(shared.get())) {
            return Optional.of(new ReplicaAnswer.Diverged("the token is of timeline " + part.timeline() + " at "
                    + part.lsn() + ", but the standby left that timeline at " + shared.get() + " and is on timeline "
                    + state.timeline() + ": a write after that point was lost in the failover"));
        }
        return Optional.empty();
    }
}
