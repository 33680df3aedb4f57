// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.relay;

import java.time.Duration;

/**
 * Until when a caller waits, and how much longer a request may take. One for a whole call, which may make several
 * requests. Immutable.
 *
 * @param nanos by {@link System#nanoTime}
 */
public record Deadline(long nanos) {

    /** A relay may hold a request for this long after the wait, if the offsets that it needs are late. */
    static final Duration LATENESS = Duration.ofSeconds(2);

    /** Maximum time of a call after its wait: the relay's lateness and the network round trip. */
    public static final Duration GRACE = LATENESS.plusMillis(500);

    /** The deadline of a call that begins now. */
    public static Deadline after(Duration wait) {
        return new Deadline(System.nanoTime() + wait.toNanos());
    }

    /** The rest of the wait; zero when it is over. */
    public Duration left() {
        return Duration.ofNanos(Math.max(0, nanos - System.nanoTime()));
    }

    /** Timeout of a request: the rest of the wait plus a relay's lateness, limited by the remaining grace. */
    Duration leftForARequest() {
        long now = System.nanoTime();
        long late = Math.max(0, nanos - now) + LATENESS.toNanos();
        return Duration.ofNanos(Math.max(0, Math.min(late, nanos + GRACE.toNanos() - now)));
    }
}
