// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import java.util.List;
import java.util.Optional;

/**
 * Whether a projection has caught up with a token, and if not, why. Immutable.
 *
 * @param projection its name; the name in the request if no relay has answered
 * @param phase of a {@code timeout}: {@code source} (not published) or {@code projection} (not consumed); else empty
 * @param reason for people; empty if the status is enough
 * @param waitedMillis total time that relays have waited in all requests, in milliseconds
 * @param behind the partitions that are behind, as far as the relay reports them
 * @param token the token to carry on with: the one asked for, without what the database has lost; empty when nothing of it
 *     is left. Hand it to the filters ({@code carryOn}), or the caller comes back with the bad part for ever
 */
public record WatermarkAnswer(
        String projection,
        WatermarkStatus status,
        String phase,
        String reason,
        long waitedMillis,
        List<Behind> behind,
        Optional<Token> token) {

    /**
     * A partition that is behind.
     *
     * @param need the offset to reach
     * @param have the offset reached
     */
    public record Behind(String topic, int partition, long need, long have) {}

    public WatermarkAnswer {
        behind = List.copyOf(behind);
    }

    public boolean isCaughtUp() {
        return status == WatermarkStatus.SUCCESS;
    }
}
