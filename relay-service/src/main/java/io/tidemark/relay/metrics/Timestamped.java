// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.metrics;

import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A value, and when it was read.
 *
 * @param nanos by {@link System#nanoTime}
 */
record Timestamped<T>(T value, long nanos) {

    /** Maximum age: a few periods of the sampler, plus the time a server may need to time out. */
    private static final long STALE_NANOS = TimeUnit.SECONDS.toNanos(30);

    /** Empty once the value is too old. */
    Optional<T> ifFresh(long nowNanos) {
        return nowNanos - nanos > STALE_NANOS ? Optional.empty() : Optional.of(value);
    }
}
