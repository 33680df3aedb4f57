// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a pass as soon as the run captures and publishes, then one a minute until the run closes it. On its own daemon
 * thread.
 */
public final class Cleanup implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Cleanup.class);

    private static final long INTERVAL_MILLIS = TimeUnit.MINUTES.toMillis(1);
    private static final long UNTIL_RUNNING_MILLIS = 200;
    private static final long CLOSE_MILLIS = 2_000;

    private final OncePerReason notices = new OncePerReason();
    private final CleanupPass pass;
    private final BooleanSupplier isRunning;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread = new Thread(this::work, "cleanup");

    private Cleanup(
            SourceDatabase database,
            SourceIdentity identity,
            Duration retention,
            Supplier<Lsn> published,
            Accounts accounts,
            BooleanSupplier isRunning) {
        this.pass = new CleanupPass(database, identity, retention, published, accounts, notices);
        this.isRunning = isRunning;
    }

    /**
     * Starts the thread.
     *
     * @param identity of the database the run captures
     * @param published everything with a commit LSN at or below it is in committed Kafka transactions
     * @param accounts of the same run
     * @param isRunning whether the run captures and publishes; until then, nothing is done
     */
    public static Cleanup start(
            SourceDatabase database,
            SourceIdentity identity,
            Duration retention,
            Supplier<Lsn> published,
            Accounts accounts,
            BooleanSupplier isRunning) {
        Cleanup cleanup = new Cleanup(database, identity, retention, published, accounts, isRunning);
        cleanup.thread.setDaemon(true);
        cleanup.thread.start();
        return cleanup;
    }

    private void work() {
        try {
            long pause = UNTIL_RUNNING_MILLIS;
            while (!closing.await(pause, TimeUnit.MILLISECONDS)) {
                if (isRunning.getAsBoolean()) {
                    makePass();
                    pause = INTERVAL_MILLIS;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void makePass() throws InterruptedException {
        try {
            pass.run();
            notices.done("pass");
        } catch (SQLException e) {
            notices.postponed("pass", e);
        } catch (SourceNotReady e) {
            notices.postponed("pass", String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            if (notices.postponed("pass", e.toString())) {
                LOG.warn("event=cleanup-failed", e); // a bug: log the stack trace
            }
        }
    }

    /** Ends the thread. A running statement ends soon by its own timeout, and its session with it. */
    @Override
    public void close() {
        closing.countDown();
        thread.interrupt();
        try {
            thread.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
