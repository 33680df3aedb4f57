// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture;

import io.tidemark.outbox.Lsn;
import org.jspecify.annotations.Nullable;

/** One step of the replication stream, in stream order. Events precede the {@link Commit} of their transaction. */
public sealed interface Change permits CapturedEvent, Change.Commit, Change.Barrier {

    /** Approximate size in memory, in bytes; rather too large than too small. */
    int approximateBytes();

    /**
     * Ends a transaction, which consists of the events since the last commit.
     *
     * @param commitLsn the end of the transaction's commit record
     * @param commitMillis when it was committed, by the server's clock, in milliseconds since 1970
     * @param unreadable why one of its rows cannot be read, and the fix; null if all of them are among the events
     */
    record Commit(
            Lsn commitLsn, long commitMillis, @Nullable String unreadable) implements Change {

        /** The end of a transaction whose rows can all be read. */
        public Commit(Lsn commitLsn, long commitMillis) {
            this(commitLsn, commitMillis, null);
        }

        @Override
        public int approximateBytes() {
            return 64;
        }
    }

    /**
     * Everything committed at or below this LSN has come before. Never stands between the events of a transaction.
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
