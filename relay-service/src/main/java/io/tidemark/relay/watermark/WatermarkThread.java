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
 * The one thread to which waiters, offsets and what follows from them are confined. After {@link #closeAfter} nobody waits
 * any more, so whatever still comes in is dropped.
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
                true); // else whoever was answered early stays reachable until its wait were over
    }

    /** Behind what is queued already. */
    @Override
    public void execute(Runnable task) {
        thread.execute(() -> runLogged(task));
    }

    /** Not before so long; what is returned can be cancelled, and holds nothing then. */
    Future<?> later(Runnable task, long millis) {
        return thread.schedule(() -> runLogged(task), millis, TimeUnit.MILLISECONDS);
    }

    private static void runLogged(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) { // which the executor would keep to itself
            LOG.error("event=watermark-task-failed", e);
        }
    }

    /** Does this last, and waits for it, two seconds at most. */
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
