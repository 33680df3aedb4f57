// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import java.util.List;
import java.util.Optional;

/**
 * The answer of relays about several projections. Immutable.
 *
 * @param status {@code SUCCESS} when the mode of the wait is satisfied
 * @param answers one for each projection, in the order of the request; empty if no relay has answered
 * @param reason why no relay has answered, or the reason in the relay's answer; empty otherwise
 * @param token the token to continue with, as in {@link WatermarkAnswer#token}
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
