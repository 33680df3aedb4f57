package io.tidemark.relay.assemble;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.position.StartDecision;

/**
 * The stream has rows of another table than the outbox, so the publication was not the outbox's when they were written:
 * rows of the outbox may be among them, or missing. Publishing must stop until a person has acted.
 */
public final class ForeignRows extends RuntimeException {

    private static final long serialVersionUID = 1;

    ForeignRows(int rows, Lsn commitLsn) {
        super("the transaction committed at " + commitLsn + " came through the stream with " + rows
                + " rows of a table that is not the outbox: the publication had another table, or did not send the rows of"
                + " partitions by their root, when they were written. Events may be among them, or missing. Run: tidemark"
                + " init CONFIG, which says what is wrong with the publication. "
                + StartDecision.whatToDo());
    }
}
