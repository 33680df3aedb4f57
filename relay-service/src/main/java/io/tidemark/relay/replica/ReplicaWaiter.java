package io.tidemark.relay.replica;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.relay.source.StandbySession.State;
import io.tidemark.relay.source.TimelineHistory;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** One question about one standby. Judged on the standby's thread; anyone may complete {@link #answer}. */
final class ReplicaWaiter {

    final Token token;
    final CompletableFuture<ReplicaAnswer> answer = new CompletableFuture<>();
    private final long sinceNanos = System.nanoTime();
    private final long untilNanos;
    private boolean isNudgedFor;

    ReplicaWaiter(Token token, long waitMillis) {
        this.token = token;
        this.untilNanos = sinceNanos + TimeUnit.MILLISECONDS.toNanos(waitMillis);
    }

    /** The highest of its LSNs, for which a nudge is worth while. */
    Lsn lsn() {
        return token.parts().stream().map(Token.Part::lsn).reduce(Lsn.ZERO, Lsn::max);
    }

    boolean isOver() {
        return System.nanoTime() - untilNanos >= 0;
    }

    private long waitedMillis() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - sinceNanos);
    }

    /** True once, when it has waited for so long. */
    boolean isToBeNudgedFor(long afterMillis) {
        if (isNudgedFor || waitedMillis() < afterMillis) {
            return false;
        }
        isNudgedFor = true;
        return true;
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
