// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import io.tidemark.consumers.WatermarkAnswer.Behind;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import java.util.List;
import java.util.Optional;

/** How a read through a {@link ReadGate} ended. */
public sealed interface GatedRead<T> {

    /**
     * The query ran in a snapshot that has everything up to the token.
     *
     * @param value the query's result
     */
    record Fresh<T>(T value) implements GatedRead<T> {}

    /**
     * The query did not run.
     *
     * @param status {@code TIMEOUT} if the projection is behind or the token is not published yet; {@code UNREACHABLE}
     *     if no relay has answered; otherwise the relay's status of the token
     * @param reason for people
     * @param behind the partitions that were behind in the last snapshot; empty when no snapshot was taken
     * @param token the token to carry on with, as in {@link WatermarkAnswer#token}
     */
    record NotFresh<T>(WatermarkStatus status, String reason, List<Behind> behind, Optional<Token> token)
            implements GatedRead<T> {

        public NotFresh {
            behind = List.copyOf(behind);
        }
    }
}
