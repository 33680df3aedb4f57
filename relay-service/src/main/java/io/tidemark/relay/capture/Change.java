// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture;

import io.tidemark.outbox.Lsn;

/** One step of the replication stream, in stream order. Events precede the {@link Commit} of their transaction. */
public sealed interface Change permits CapturedEvent, Change.Commit, Change.Barrier {

    /** What it takes in memory, in bytes, roughly and rather too much. */
    int approximateBytes();

    /**
     * The events since the last commit are one transaction.
     *
     * @param commitLsn the end of its commit record
     * @param commitMillis when it was committed, by the server's clock, in milliseconds since 1970
     */
    record Commit(Lsn commitLsn, long commitMillis) implements Change {

        @Override
        public int approximateBytes() {
            return 64;
        }
    }

    /**
     * Everything committed at or below this LSN has come before. Never between the events of a transaction.
     *
     * @param lsn the end of a non-transactional logical message: a nudge
     */
    record Barrier(Lsn lsn) implements Change {

        @Override
        public int approximateBytes() {
            return 64;
        }
    }
}
