// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.timeline;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A token as one database judges it, part by part. A refused part does not affect the answers for other parts.
 *
 * @param parts in the order of the token; at least one
 */
public record JudgedToken(List<JudgedPart> parts) {

    /** The order in which refusals apply to the whole token: the first that occurs is the one to report. */
    private static final List<WatermarkStatus> FIRST_TOLD = List.of(
            WatermarkStatus.FOREIGN, WatermarkStatus.DIVERGED, WatermarkStatus.EXPIRED, WatermarkStatus.UNKNOWN);

    /** All parts that are in the history lie on one line, so the highest LSN covers the others. */
    private static final Comparator<Token.Part> BY_LSN =
            Comparator.comparing(Token.Part::lsn).thenComparingInt(Token.Part::timeline);

    /** One part, and what it means on the database's timeline. */
    public record JudgedPart(Token.Part part, TokenVerdict verdict) {}

    public JudgedToken {
        parts = List.copyOf(parts);
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("a token has at least one part");
        }
    }

    /** The LSN that covers every part in the database's history; empty when no part is in it. */
    public Optional<Lsn> target() {
        return parts.stream()
                .filter(judged -> judged.verdict() instanceof TokenVerdict.InHistory)
                .map(judged -> judged.part().lsn())
                .max(Comparator.naturalOrder());
    }

    /** The refusal for the whole token; empty when no part is refused. */
    public Optional<TokenVerdict.Refused> refusal() {
        return parts.stream()
                .map(JudgedPart::verdict)
                .filter(TokenVerdict.Refused.class::isInstance)
                .map(TokenVerdict.Refused.class::cast)
                .min(Comparator.comparingInt(refused -> FIRST_TOLD.indexOf(refused.status())));
    }

    /**
     * The token to use from now on. One part replaces all parts that are in the database's history. A part whose write
     * was lost is cut to where the database left its timeline, because everything written before that is still there. A
     * part that can never be judged again is dropped. A part that another relay can judge, or this one later, is kept.
     *
     * @return empty when nothing is left
     */
    public Optional<Token> carryOn() {
        List<Token.Part> kept = new ArrayList<>();
        List<Token.Part> inHistory = new ArrayList<>();
        for (JudgedPart judged : parts) {
            if (judged.verdict() instanceof TokenVerdict.InHistory) {
                inHistory.add(judged.part());
            } else if (judged.verdict() instanceof TokenVerdict.Younger) {
                kept.add(judged.part());
            } else if (judged.verdict() instanceof TokenVerdict.Refused refused) {
                switch (refused.rest()) {
                    case KEPT -> kept.add(judged.part());
                    case CUT ->
                        inHistory.add(new Token.Part(
                                judged.part().source(), judged.part().timeline(), refused.sharedUpTo()));
                    case DROPPED -> {}
                }
            }
        }
        inHistory.stream().max(BY_LSN).ifPresent(kept::add);
        return kept.isEmpty() ? Optional.empty() : Optional.of(new Token(kept));
    }

    /** Like {@link #carryOn()}, for a token with every part in the history of one database. */
    public static Token carryOn(Token inHistory) {
        return new Token(inHistory.parts().stream().max(BY_LSN).stream().toList());
    }
}
