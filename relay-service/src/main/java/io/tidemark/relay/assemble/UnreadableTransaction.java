// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.assemble;

/**
 * A transaction has a row that is, or may be, an event and cannot be read. Publishing must stop until a person has
 * acted.
 */
public final class UnreadableTransaction extends RuntimeException {

    private static final long serialVersionUID = 1;

    public UnreadableTransaction(Assembled.Unreadable transaction) {
        super("the transaction that was committed at " + transaction.lsn() + " cannot be published: "
                + transaction.reason()
                + ". Everything before it is published, nothing behind it. If it cannot be made readable,"
                + " leave this transaction out with: tidemark adopt --at " + transaction.lsn()
                + " CONFIG; if more follow, a later LSN leaves all of them out, and the events between them. Publish the"
                + " events that were left out with: tidemark replay CONFIG --unaccounted --yes");
    }
}
