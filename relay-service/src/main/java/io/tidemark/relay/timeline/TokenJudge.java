// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.timeline;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import java.util.Optional;

/**
 * Judges what a token's LSN means on the timeline of a database, a primary or a standby. Pure.
 *
 * @param server the word for the database in reasons: {@code database} or {@code standby}
 * @param history of {@code timeline}, which the database is on
 */
public record TokenJudge(String server, String sourceId, int timeline, TimelineHistory history) {

    /** Judges each part separately. */
    public JudgedToken judge(Token token) {
        return new JudgedToken(token.parts().stream()
                .map(part -> new JudgedToken.JudgedPart(part, judge(part)))
                .toList());
    }

    private TokenVerdict judge(Token.Part part) {
        if (!part.source().equals(sourceId)) {
            return TokenVerdict.Refused.keeping(
                    WatermarkStatus.FOREIGN,
                    "the token is of source " + part.source() + ", and the " + server + " is source " + sourceId);
        }
        if (part.timeline() == timeline) {
            return new TokenVerdict.InHistory(part.lsn());
        }
        Optional<Lsn> shared = history.sharedUpTo(part.timeline());
        if (shared.isEmpty()) {
            return part.timeline() > timeline
                    ? new TokenVerdict.Younger(part.lsn(), part.timeline())
                    : TokenVerdict.Refused.dropping(
                            WatermarkStatus.EXPIRED,
                            "the token is of timeline " + part.timeline() + ", and the history of timeline " + timeline
                                    + ", which the " + server + " is on, does not contain it");
        }
        if (part.lsn().isAfter(shared.get())) {
            return TokenVerdict.Refused.cutting(
                    WatermarkStatus.DIVERGED,
                    "the token is of timeline " + part.timeline() + " at " + part.lsn() + ", but the " + server
                            + " left that timeline at " + shared.get() + " and is on timeline " + timeline
                            + ": a write after that point was lost in the failover",
                    shared.get());
        }
        return new TokenVerdict.InHistory(part.lsn());
    }
}
