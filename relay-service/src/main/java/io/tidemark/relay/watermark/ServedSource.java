// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.timeline.JudgedToken;
import io.tidemark.relay.timeline.JudgedToken.JudgedPart;
import io.tidemark.relay.timeline.TimelineHistory;
import io.tidemark.relay.timeline.TokenJudge;
import io.tidemark.relay.timeline.TokenVerdict;

/** The database for which questions are answered, and the history of its timeline. */
record ServedSource(SourceIdentity identity, TimelineHistory history) {

    /** Judges each part of the token: in the history of this database, or refused. */
    JudgedToken judge(Token token) {
        JudgedToken judged = new TokenJudge("database", identity.sourceId(), identity.timeline(), history).judge(token);
        return new JudgedToken(judged.parts().stream()
                .map(part -> new JudgedPart(part.part(), refusingYounger(part.verdict())))
                .toList());
    }

    /**
     * A replica learns of a failover when its session ends. This refusal is therefore temporary, but waiting here does
     * not help.
     */
    private TokenVerdict refusingYounger(TokenVerdict verdict) {
        return verdict instanceof TokenVerdict.Younger younger
                ? TokenVerdict.Refused.keeping(
                        WatermarkStatus.UNKNOWN,
                        "the token is of timeline " + younger.timeline() + ", and the database of this replica is on"
                                + " timeline " + identity.timeline() + ": a failover may be under way")
                : verdict;
    }
}
