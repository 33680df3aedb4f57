// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.stack;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets the main thread wait for SIGINT or SIGTERM. Then the main thread stops everything that it started, and the JVM's
 * shutdown waits for it.
 */
public final class StopSignal implements AutoCloseable {

    private static final long SHUTDOWN_SECONDS = 60;

    private final CountDownLatch requested = new CountDownLatch(1);
    private final CountDownLatch finished = new CountDownLatch(1);

    private StopSignal() {}

    public static StopSignal install() {
        StopSignal signal = new StopSignal();
        Runtime.getRuntime().addShutdownHook(new Thread(signal::stopAndWait, "stop-signal"));
        return signal;
    }

    private void stopAndWait() {
        requested.countDown();
        try {
            if (!finished.await(SHUTDOWN_SECONDS, TimeUnit.SECONDS)) {
                System.err.println("not everything stopped within " + SHUTDOWN_SECONDS + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    public void await() throws InterruptedException {
        requested.await();
    }

    /** Waits at most this long. Returns true once the signal has arrived. */
    public boolean await(long millis) throws InterruptedException {
        return requested.await(millis, TimeUnit.MILLISECONDS);
    }

    /** Lets the JVM end. Call it last, when everything is stopped. */
    @Override
    public void close() {
        finished.countDown();
    }
}
