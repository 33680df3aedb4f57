// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import io.tidemark.outbox.Lsn;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Proof that rows are published: a nudge written now comes after everything committed before. Once the relay has
 * published up to the nudge, it has published all of that. One thread.
 */
public final class PublishedBarrier {

    private static final long POLL_MILLIS = 10;

    /**
     * Writes a nudge in a separate session, in auto-commit mode: before Postgres 17 a nudge passes only at its commit.
     */
    public interface NudgeWriter {

        /** @return its position in the WAL */
        Lsn write() throws SQLException;
    }

    private final NudgeWriter nudge;
    private final Supplier<Lsn> published;
    private final Duration patience;

    public PublishedBarrier(NudgeWriter nudge, Supplier<Lsn> published, Duration patience) {
        this.nudge = nudge;
        this.published = published;
        this.patience = patience;
    }

    /**
     * Waits until everything that was committed before this call is published.
     *
     * @return false when that took longer than the patience, and nothing is proven
     * @throws SQLException also when the WAL does not belong to what is published
     */
    public boolean pass() throws SQLException, InterruptedException {
        Lsn before = published.get();
        Lsn barrier = nudge.write();
        if (before.isAtLeast(barrier)) {
            throw new SQLException("the WAL has been written up to " + barrier + " only, but " + before
                    + " was published before: this is not the server the events came from");
        }
        long deadline = System.nanoTime() + patience.toNanos();
        while (!published.get().isAtLeast(barrier)) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        return true;
    }
}
