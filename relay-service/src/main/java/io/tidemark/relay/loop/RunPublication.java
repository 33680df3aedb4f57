// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

import io.tidemark.outbox.Lsn;
import java.util.Optional;

/**
 * The state in Postgres that decides which rows come through the stream, as the loop sees it. On the publishing thread.
 */
public interface RunPublication {

    /**
     * The record of this state for the next Kafka transaction; empty if none is needed.
     *
     * @param confirmed everything committed at or below it certainly came through the stream
     */
    Optional<byte[]> toRecord(Lsn confirmed);

    /** A Kafka transaction with the result of {@link #toRecord} has been committed. */
    void committed();

    /**
     * Everything to be committed next has come off the stream. Starts a look that is to confirm that no row is missing.
     */
    void beginLook();

    /**
     * Waits for the look that was started last. Throws an exception that ends the run if anything differs from before,
     * or cannot be seen.
     *
     * @return true once it is known that no row is missing below what had come off the stream; false if that is not
     *     known yet
     */
    boolean isConfirmedWithin(long millis) throws InterruptedException;
}
