// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

import io.tidemark.outbox.Lsn;
import java.util.Optional;

/** What decides which rows come through the stream, as the loop sees it. On the publishing thread. */
public interface RunPublication {

    /**
     * What the next Kafka transaction has to record of it, if anything.
     *
     * @param confirmed everything committed at or below it came through the stream for certain
     */
    Optional<byte[]> toRecord(Lsn confirmed);

    /** A Kafka transaction with what {@link #toRecord} gave has been committed. */
    void committed();

    /** What is about to be committed has come off the stream: a look begins now that is to confirm it. */
    void beginLook();

    /**
     * Waits for the look that was begun last. Throws an exception that ends the run when anything is other than it was,
     * or cannot be seen.
     *
     * @return true once it is known that no row is missing below what had come off the stream; false when that is not
     *     known yet
     */
    boolean isConfirmedWithin(long millis) throws InterruptedException;
}
