// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.assemble;

import io.tidemark.outbox.Lsn;

/** The assembler's output, in commit order. */
public sealed interface Assembled {

    /** Once this one has been handed over, everything committed at or below this LSN has been. */
    Lsn lsn();

    /**
     * A committed transaction with at least one event to publish.
     *
     * @param lsn its commit LSN
     * @param firstOrdinal events before it are already in Kafka; 0 except after a crash inside a split transaction
     * @param events the publisher must close them
     */
    record Transaction(Lsn lsn, int firstOrdinal, TransactionEvents events) implements Assembled {}

    /**
     * A transaction with a row that cannot be read. Its events are dropped.
     *
     * @param lsn its commit LSN
     * @param reason why, and the fix
     */
    record Unreadable(Lsn lsn, String reason) implements Assembled {}

    /** Progress without anything to publish: a nudge, or a transaction without events. */
    record Progress(Lsn lsn) implements Assembled {}
}
