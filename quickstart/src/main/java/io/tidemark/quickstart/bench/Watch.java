package io.tidemark.quickstart.bench;

import io.tidemark.quickstart.stack.StackException;
import io.tidemark.quickstart.stack.StopSignal;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Waits on the main thread, but not once somebody stops the bench, or a part of it is gone. */
final class Watch {

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int POLL_MILLIS = 20;

    private final StopSignal stop;
    private final List<Supplier<String>> parts = new CopyOnWriteArrayList<>();

    Watch(StopSignal stop) {
        this.stop = stop;
    }

    /** @param problem why it does not go on, or empty while it does */
    void over(Supplier<String> problem) {
        parts.add(problem);
    }

    /** @throws StackException when it makes no sense to go on */
    void check() throws InterruptedException {
        check(0);
    }

    private void check(long waitMillis) throws InterruptedException {
        if (stop.await(waitMillis)) {
            throw new StackException("stopped before the end; there is no result");
        }
        for (Supplier<String> part : parts) {
            String problem = part.get();
            if (!problem.isEmpty()) {
                throw new StackException(problem);
            }
        }
    }

    /**
     * Returns when it is done, or when there was no progress for a minute.
     *
     * @param progress a figure that grows as long as there is some
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
                return; // what is missing is counted at the end
            }
            check(POLL_MILLIS);
        }
    }
}
