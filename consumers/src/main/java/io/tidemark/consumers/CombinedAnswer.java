package io.tidemark.consumers;

import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import java.util.List;
import java.util.Optional;

/**
 * What relays say of several projections together. Immutable.
 *
 * @param status {@code SUCCESS} when the mode of the wait is satisfied
 * @param answers one for each projection, in the order asked for; empty when no relay has answered
 * @param reason why no relay has answered; empty when one has, unless it gives a reason
 * @param token the token to carry on with, as in {@link WatermarkAnswer#token}
 */
public record CombinedAnswer(
        WatermarkStatus status, List<WatermarkAnswer> answers, String reason, Optional<Token> token) {

    public CombinedAnswer {
        answers = List.copyOf(answers);
    }

    public boolean isCaughtUp() {
        return status == WatermarkStatus.SUCCESS;
    }
}
