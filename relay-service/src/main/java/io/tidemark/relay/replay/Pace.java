// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replay;

import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Limits the rate to a number of events per second, evenly spaced, or does not limit it. One thread. */
final class Pace {

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    /** Sleeps; a test replaces it. */
    interface Sleep {
        void nanos(long nanos) throws InterruptedException;
    }

    private final OptionalInt eventsPerSecond;
    private final LongSupplier nanoClock;
    private final Sleep sleep;
    private long passed;
    private long startedNanos;

    Pace(OptionalInt eventsPerSecond, LongSupplier nanoClock, Sleep sleep) {
        this.eventsPerSecond = eventsPerSecond;
        this.nanoClock = nanoClock;
        this.sleep = sleep;
    }

    /** Returns when the next event may pass. After a delay of more than a second, the lost time is not made up for. */
    void awaitNext() throws InterruptedException {
        if (eventsPerSecond.isEmpty()) {
            return;
        }
        long now = nanoClock.getAsLong();
        long due = startedNanos + passed * SECOND / eventsPerSecond.getAsInt();
        if (passed == 0 || now - due > SECOND) {
            startedNanos = now;
            passed = 0;
        } else if (due > now) {
            sleep.nanos(due - now);
        }
        passed++;
    }
}
