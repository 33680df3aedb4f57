package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.TimelineHistory;
import java.util.Optional;

/** What is served: a database on a timeline, and where that comes from. Judges what a token's LSN means there. */
record Lineage(SourceIdentity identity, TimelineHistory history) {

    /** What a token asks for. */
    sealed interface Judged {}

    /** Everything up to here, on the present timeline. */
    record Target(Lsn lsn) implements Judged {}

    /** Nothing that could be waited for. */
    record Refused(Answer answer) implements Judged {}

    /** A token of several parts is refused when one of them is. */
    Judged judge(Token token) {
        Lsn target = Lsn.ZERO;
        for (Token.Part part : token.parts()) {
            Optional<Answer> refusal = refusal(part);
            if (refusal.isPresent()) {
                return new Refused(refusal.get());
            }
            target = Lsn.max(target, part.lsn());
        }
        return new Target(target);
    }

    private Optional<Answer> refusal(Token.Part part) {
        if (!part.source().equals(identity.sourceId())) {
            return Optional.of(new Answer.Foreign(part.source()));
        }
        if (part.timeline() == identity.timeline()) {
            return Optional.empty();
        }
        Optional<Lsn> shared = history.sharedUpTo(part.timeline());
        if (shared.isEmpty()) {
            return Optional.of(
                    part.timeline() > identity.timeline()
                            ? new Answer.Unknown("the token is of timeline " + part.timeline()
                                    + ", and the database of this replica is on timeline " + identity.timeline()
                                    + ": a failover may be under way")
                            : new Answer.Expired("the token is of timeline " + part.timeline()
                                    + ", to which the history of timeline " + identity.timeline()
                                    + " that the database is on does not go back"));
        }
        if (part.lsn().isAfter(shared.get())) {
            return Optional.of(new Answer.Diverged("the token is of timeline " + part.timeline() + " at " + part.lsn()
                    + ", but the database left that timeline at " + shared.get() + " and is on timeline "
                    + identity.timeline() + ": a write after that point was lost in the failover"));
        }
        return Optional.empty();
    }
}
