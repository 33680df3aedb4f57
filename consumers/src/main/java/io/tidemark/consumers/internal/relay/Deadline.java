package io.tidemark.consumers.internal.relay;

import java.time.Duration;

/**
 * Until when a caller waits, and how much longer a request may take that a relay has begun to answer. One for a whole call,
 * however many requests it takes. Immutable.
 *
 * @param nanos by {@link System#nanoTime}
 */
public record Deadline(long nanos) {

    /** A relay may hold a request for this long beyond the wait, when the offsets that it needs are late. */
    static final Duration LATENESS = Duration.ofSeconds(2);

    /** Maximum time of a call beyond its wait: the relay's lateness, and the way there and back. */
    public static final Duration GRACE = LATENESS.plusMillis(500);

    /** The deadline of a call that begins now. */
    public static Deadline after(Duration wait) {
        return new Deadline(System.nanoTime() + wait.toNanos());
    }

    /** What is left of the wait; zero when it is over. */
    public Duration left() {
        return Duration.ofNanos(Math.max(0, nanos - System.nanoTime()));
    }

    /** What a request may take: a relay's lateness beyond the wait, and never more than the grace leaves. */
    Duration leftForARequest() {
        long now = System.nanoTime();
        long late = Math.max(0, nanos - now) + LATENESS.toNanos();
        return Duration.ofNanos(Math.max(0, Math.min(late, nanos + GRACE.toNanos() - now)));
    }
}
