// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.assemble.Assembled;
import java.util.ArrayList;
import java.util.List;

/**
 * The content of the next Kafka transaction: whole Postgres transactions, up to the limits. On the publishing thread.
 */
final class Batch {

    private final int maxEvents;
    private final long maxBytes;
    private final List<Assembled.Transaction> transactions = new ArrayList<>();
    private int events;
    private long bytes;
    private long oldestCommitMillis;
    private Lsn reached = Lsn.ZERO;

    Batch(int maxEvents, long maxBytes) {
        this.maxEvents = maxEvents;
        this.maxBytes = maxBytes;
    }

    /** @param commitMillis when it was committed; ignored if it is not a transaction */
    void add(Assembled assembled, long commitMillis) {
        reached = assembled.lsn();
        if (assembled instanceof Assembled.Transaction transaction) {
            if (transactions.isEmpty()) {
                oldestCommitMillis = commitMillis;
            }
            transactions.add(transaction);
            events += transaction.events().count();
            bytes += transaction.events().bytes();
        }
    }

    /**
     * Whether the batch stays within its byte limit with this addition. A transaction larger than the limit forms a
     * batch alone.
     */
    boolean hasRoomFor(Assembled assembled) {
        return transactions.isEmpty()
                || !(assembled instanceof Assembled.Transaction transaction)
                || bytes + transaction.events().bytes() <= maxBytes;
    }

    boolean isFull() {
        return events >= maxEvents || bytes >= maxBytes;
    }

    /** Nothing to publish and no progress to record. */
    boolean isEmpty() {
        return reached.equals(Lsn.ZERO);
    }

    List<Assembled.Transaction> transactions() {
        return transactions;
    }

    int events() {
        return events;
    }

    /** When the first of its transactions was committed; 0 if it has none. */
    long oldestCommitMillis() {
        return oldestCommitMillis;
    }

    /** The LSN up to which everything is published once this batch is published. */
    Lsn reached() {
        return reached;
    }

    void clear() {
        transactions.forEach(transaction -> transaction.events().close());
        transactions.clear();
        events = 0;
        bytes = 0;
        oldestCommitMillis = 0;
        reached = Lsn.ZERO;
    }
}
