// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.bench;

import io.tidemark.quickstart.stack.StackException;
import io.tidemark.quickstart.stack.StopSignal;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Waits on the main thread. The wait fails if the bench is stopped, or a part of it has ended. */
final class Watch {

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int POLL_MILLIS = 20;

    private final StopSignal stop;
    private final List<Supplier<String>> parts = new CopyOnWriteArrayList<>();

    Watch(StopSignal stop) {
        this.stop = stop;
    }

    /** @param problem returns why a part has stopped; empty while it runs */
    void over(Supplier<String> problem) {
        parts.add(problem);
    }

    /** @throws StackException if the bench cannot continue */
    void check() throws InterruptedException {
        check(0);
    }

    private void check(long waitMillis) throws InterruptedException {
        if (stop.await(waitMillis)) {
            throw new StackException("stopped before the end; no result");
        }
        for (Supplier<String> part : parts) {
            String problem = part.get();
            if (!problem.isEmpty()) {
                throw new StackException(problem);
            }
        }
    }

    /**
     * Returns when the condition holds, or after a minute without progress.
     *
     * @param progress a number that grows while there is progress
     */
    void await(BooleanSupplier done, LongSupplier progress) throws InterruptedException {
        long last = -1;
        long deadline = 0;
        while (!done.getAsBoolean()) {
            long now = progress.getAsLong();
            if (now != last) {
                last = now;
                deadline = System.nanoTime() + PATIENCE.toNanos();
            } else if (System.nanoTime() > deadline) {
                return; // missing events are counted at the end
            }
            check(POLL_MILLIS);
        }
    }
}
