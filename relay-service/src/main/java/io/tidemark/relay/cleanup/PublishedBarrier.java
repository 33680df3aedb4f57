// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import io.tidemark.outbox.Lsn;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The proof that something is published: a nudge written now comes after everything committed before, so that once the
 * relay has published as far as the nudge, it has published all of that. One thread.
 */
public final class PublishedBarrier {

    private static final long POLL_MILLIS = 10;

    /** Writes a nudge on a session of its own, in auto-commit: before Postgres 17 only its commit makes it pass. */
    public interface NudgeWriter {

        /** @return where it stands in the WAL */
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
