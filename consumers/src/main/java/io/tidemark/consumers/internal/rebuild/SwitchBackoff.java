// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.rebuild;

import io.tidemark.consumers.internal.progress.ProgressTable.Partition;
import java.time.Duration;
import java.util.Map;

/**
 * When to attempt a switch again, because each attempt holds the generation that is read. The switch may be impossible
 * for now, because of a stopped partition or a slow batch. The watch's thread only; pure.
 */
final class SwitchBackoff {

    private static final Duration FIRST_PAUSE = Duration.ofSeconds(2);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

    private Duration pause = Duration.ZERO;
    private long failedNanos;
    private Map<Partition, Long> wasMissing = Map.of();

    /** @param missing the partitions where the generation has not caught up, each with its next offset */
    boolean allowsAttempt(Map<Partition, Long> missing, long nowNanos) {
        boolean isDue = pause.isZero() || nowNanos - failedNanos >= pause.toNanos();
        return isDue
                && wasMissing.entrySet().stream()
                        .allMatch(then -> missing.getOrDefault(then.getKey(), Long.MAX_VALUE) > then.getValue());
    }

    /** @param missing the state at the end of the attempt; empty if it failed for another reason */
    void failed(Map<Partition, Long> missing, long nowNanos) {
        pause = pause.isZero() ? FIRST_PAUSE : pause.multipliedBy(2);
        if (pause.compareTo(LONGEST_PAUSE) > 0) {
            pause = LONGEST_PAUSE;
        }
        failedNanos = nowNanos;
        wasMissing = Map.copyOf(missing);
    }
}
