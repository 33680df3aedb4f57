package io.tidemark.relay.metrics;

import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What was seen, and when.
 *
 * @param nanos by {@link System#nanoTime}
 */
record Timestamped<T>(T value, long nanos) {

    /** What is older is no longer told: a few periods of the sampler, and what a server may take to time out. */
    private static final long STALE_NANOS = TimeUnit.SECONDS.toNanos(30);

    /** Empty once it is too old to be told. */
    Optional<T> ifFresh(long nowNanos) {
        return nowNanos - nanos > STALE_NANOS ? Optional.empty() : Optional.of(value);
    }
}
