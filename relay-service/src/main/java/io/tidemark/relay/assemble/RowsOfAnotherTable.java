// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.assemble;

import io.tidemark.outbox.Lsn;

/**
 * A transaction wrote rows that the publication contains and that are not of the outbox by its name. Debezium drops such
 * rows without naming their table. Publishing must stop until a person has acted.
 */
public final class RowsOfAnotherTable extends RuntimeException {

    private static final long serialVersionUID = 1;

    /** @param commitLsn of the transaction */
    public RowsOfAnotherTable(Lsn commitLsn) {
        super("the transaction that was committed at " + commitLsn
                + " wrote rows of another table, which the publication"
                + " has, or had at that time. The stream does not name the table, and it may be a renamed outbox."
                + " Everything before this transaction is published. Take the table out of the publication (tidemark"
                + " check CONFIG prints the commands), then leave this transaction out with: tidemark adopt --at "
                + commitLsn
                + " CONFIG; if more follow, a later LSN leaves all of them out, and the events between them."
                + " Publish the events that were left out with: tidemark replay CONFIG --unaccounted --yes");
    }
}
