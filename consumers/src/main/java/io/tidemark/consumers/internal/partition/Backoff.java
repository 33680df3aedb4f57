// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.partition;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Delays between attempts. Each delay is twice the previous one, and half of it is random, so that retries of different
 * partitions spread out. Immutable.
 *
 * @param first delay before the second attempt
 * @param longest maximum delay
 */
record Backoff(Duration first, Duration longest) {

    /** The delay after this number of consecutive failures. */
    Duration after(int failures, RandomGenerator random) {
        long full = first.toMillis();
        for (int i = 1; i < failures && full < longest.toMillis(); i++) {
            full *= 2;
        }
        full = Math.min(full, longest.toMillis());
        return Duration.ofMillis(full - random.nextLong(full / 2 + 1));
    }
}
