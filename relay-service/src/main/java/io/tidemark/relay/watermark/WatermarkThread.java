// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread to which waiters, offsets and the conclusions from them are confined. After {@link #closeAfter} no
 * request waits, so later tasks are dropped.
 */
final class WatermarkThread implements Executor {

    private static final Logger LOG = LoggerFactory.getLogger(WatermarkThread.class);

    private static final long CLOSE_SECONDS = 2;

    private final ScheduledThreadPoolExecutor thread = new ScheduledThreadPoolExecutor(
            1,
            runnable -> {
                Thread watermark = new Thread(runnable, "watermark");
                watermark.setDaemon(true);
                return watermark;
            },
            new ThreadPoolExecutor.DiscardPolicy());

    WatermarkThread() {
        thread.setRemoveOnCancelPolicy(
                true); // otherwise a waiter that is answered early stays reachable until its wait would have ended
    }

    /** Runs the task after all queued ones. */
    @Override
    public void execute(Runnable task) {
        thread.execute(() -> runLogged(task));
    }

    /**
     * Runs the task after this time, or later. The returned future can be cancelled, and then holds no reference to the
     * task.
     */
    Future<?> later(Runnable task, long millis) {
        return thread.schedule(() -> runLogged(task), millis, TimeUnit.MILLISECONDS);
    }

    private static void runLogged(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) { // the executor would swallow it
            LOG.error("event=watermark-task-failed", e);
        }
    }

    /** Runs this task last, and waits for it, at most two seconds. */
    void closeAfter(Runnable last) {
        CountDownLatch done = new CountDownLatch(1);
        execute(() -> {
            last.run();
            thread.shutdownNow();
            done.countDown();
        });
        try {
            if (!done.await(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                thread.shutdownNow();
            }
        } catch (InterruptedException e) {
            thread.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
