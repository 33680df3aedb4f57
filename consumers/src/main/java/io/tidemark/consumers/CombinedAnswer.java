package io.tidemark.consumers;

import io.tidemark.outbox.WatermarkStatus;
import java.util.List;

/**
 * What relays say of several projections together. Immutable.
 *
 * @param status {@code SUCCESS} when the mode of the wait is satisfied
 * @param answers one for each projection, in the order asked for; empty when no relay has answered
 * @param reason why no relay has answered; empty when one has, unless it gives a reason
 */
public record CombinedAnswer(WatermarkStatus status, List<WatermarkAnswer> answers, String reason) {

    public CombinedAnswer {
        answers = List.copyOf(answers);
    }

    public boolean isCaughtUp() {
        return status == WatermarkStatus.SUCCESS;
    }
}
