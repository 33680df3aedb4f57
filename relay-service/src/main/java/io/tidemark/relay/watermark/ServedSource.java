package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.timeline.TimelineHistory;
import io.tidemark.relay.timeline.TokenJudge;
import io.tidemark.relay.timeline.TokenVerdict;

/** The database that questions are answered for, and the history of its timeline. */
record ServedSource(SourceIdentity identity, TimelineHistory history) {

    /** What a token asks for. */
    sealed interface Question {}

    /** Everything up to here, on the present timeline. */
    record Target(Lsn lsn) implements Question {}

    /** Nothing that could be waited for. */
    record Refused(Answer answer) implements Question {}

    /** A token of several parts is refused when one of them is. */
    Question judge(Token token) {
        TokenJudge judge = new TokenJudge("database", identity.sourceId(), identity.timeline(), history);
        Lsn target = Lsn.ZERO;
        for (Token.Part part : token.parts()) {
            TokenVerdict verdict = judge.judge(part);
            if (verdict instanceof TokenVerdict.InHistory here) {
                target = Lsn.max(target, here.lsn());
            } else if (verdict instanceof TokenVerdict.Younger younger) {
                return new Refused(new Answer.Refused(
                        WatermarkStatus.UNKNOWN,
                        "the token is of timeline " + younger.timeline() + ", and the database of this replica is on"
                                + " timeline " + identity.timeline() + ": a failover may be under way"));
            } else {
                TokenVerdict.Refused refused = (TokenVerdict.Refused) verdict;
                return new Refused(new Answer.Refused(refused.status(), refused.reason()));
            }
        }
        return new Target(target);
    }
}
