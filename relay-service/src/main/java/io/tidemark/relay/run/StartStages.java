// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.run;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** How long each stage of a start took, from holding the lock to the open stream, for a line in the log. One thread. */
final class StartStages {

    private final LongSupplier nanoTime;
    private final StringBuilder finished = new StringBuilder();
    private final long startedNanos;
    private String current;
    private long sinceNanos;

    /** @param nanoTime as {@link System#nanoTime} */
    StartStages(LongSupplier nanoTime, String first) {
        this.nanoTime = nanoTime;
        this.startedNanos = nanoTime.getAsLong();
        this.sinceNanos = startedNanos;
        this.current = first;
    }

    /** Ends the present stage. */
    void next(String stage) {
        long now = nanoTime.getAsLong();
        finished.append(' ').append(current).append('=').append(millis(now - sinceNanos));
        current = stage;
        sinceNanos = now;
    }

    /** Ends the last stage. Returns {@code millis=N}, and the milliseconds of each stage, in their order. */
    String end() {
        next("");
        return "millis=" + millis(sinceNanos - startedNanos) + finished;
    }

    private static long millis(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(nanos);
    }
}
