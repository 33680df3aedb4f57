// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.consumers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Publishes some events continuously, and reads the generation that is read, which must never shrink. Two threads. */
final class ReadLoad implements AutoCloseable {

    /** Slow enough that a rebuild on a busy machine can still catch up. */
    private static final long PAUSE_MILLIS = 50;

    private final ProjectionWorld world;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final List<Thread> threads = List.of(new Thread(() -> run(this::write)), new Thread(() -> run(this::read)));
    private volatile long seen;

    private interface Step {
        void once() throws Exception;
    }

    ReadLoad(ProjectionWorld world) {
        this.world = world;
        threads.forEach(Thread::start);
    }

    private void run(Step step) {
        try {
            while (!closing.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS)) {
                step.once();
            }
        } catch (Exception | AssertionError e) {
            failure.compareAndSet(null, e);
        }
    }

    private void write() throws Exception {
        world.publish(10, "x");
    }

    private void read() throws Exception {
        long now =
                Long.parseLong(world.query("select count(*) from applied join tidemark_generation using (generation)"));
        assertThat(now)
                .as("events in the generation that is read, before: %d", seen)
                .isGreaterThanOrEqualTo(seen);
        seen = now;
    }

    /** Fails if there was a violation so far. */
    void check() {
        Throwable found = failure.get();
        if (found != null) {
            throw new AssertionError("under load", found);
        }
    }

    @Override
    public void close() throws Exception {
        closing.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        check();
        assertThat(seen).as("events in the last read").isPositive();
    }
}
