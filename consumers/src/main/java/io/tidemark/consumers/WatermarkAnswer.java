package io.tidemark.consumers;

import io.tidemark.outbox.WatermarkStatus;
import java.util.List;

/**
 * Whether a projection has caught up with a token, and if not, why. Immutable.
 *
 * @param projection its name; the name in the request if no relay has answered
 * @param phase of a {@code timeout}: {@code source} (not published) or {@code projection} (not consumed); else empty
 * @param reason for people; empty if the status is enough
 * @param waitedMillis total time that relays have waited in all requests, in milliseconds
 * @param behind the partitions that are behind, as far as the relay reports them
 */
public record WatermarkAnswer(
        String projection,
        WatermarkStatus status,
        String phase,
        String reason,
        long waitedMillis,
        List<Behind> behind) {

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
