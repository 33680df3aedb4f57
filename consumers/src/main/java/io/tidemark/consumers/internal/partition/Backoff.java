package io.tidemark.consumers.internal.partition;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Delays between attempts: doubled each time, and half of each is random, so that attempts do not come in step. Immutable.
 *
 * @param first before the second attempt
 * @param longest no delay is longer
 */
record Backoff(Duration first, Duration longest) {

    /** How long to wait after so many failures in a row. */
    Duration after(int failures, RandomGenerator random) {
        long full = first.toMillis();
        for (int i = 1; i < failures && full < longest.toMillis(); i++) {
            full *= 2;
        }
        full = Math.min(full, longest.toMillis());
        return Duration.ofMillis(full - random.nextLong(full / 2 + 1));
    }
}
