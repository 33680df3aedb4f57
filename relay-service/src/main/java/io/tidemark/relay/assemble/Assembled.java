// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.assemble;

import io.tidemark.outbox.Lsn;

/** What the assembler makes of the stream, in commit order. */
public sealed interface Assembled {

    /** Everything committed at or below it has been handed over once this one has. */
    Lsn lsn();

    /**
     * A committed transaction with at least one event to publish.
     *
     * @param lsn its commit LSN
     * @param firstOrdinal events before it are in Kafka already; 0 but after a crash inside a split transaction
     * @param events to be closed by whoever publishes them
     */
    record Transaction(Lsn lsn, int firstOrdinal, TransactionEvents events) implements Assembled {}

    /** Nothing to publish, but progress: a nudge, or a transaction without events. */
    record Progress(Lsn lsn) implements Assembled {}
}
