// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.assemble;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.position.ResumePoint;

/**
 * Verifies that this stream is the one that was published. A stream that begins below the resume point must contain the
 * very record at which publishing ended. Comparing LSNs alone cannot detect an older copy of the database whose WAL has
 * meanwhile grown past that point. On the publishing thread.
 */
final class Anchor {

    private final ResumePoint resumePoint;
    private boolean passed;

    /** @param streamStart everything that ends above it is sent */
    Anchor(Lsn streamStart, ResumePoint resumePoint) {
        this.resumePoint = resumePoint;
        this.passed = resumePoint.isAdopted() || streamStart.isAtLeast(resumePoint.lsn());
    }

    /** Whether the stream is verified. */
    boolean isPassed() {
        return passed;
    }

    /**
     * Records the end of a transaction, or of a barrier.
     *
     * @param events of the transaction; 0 for a barrier
     * @throws OtherHistory when the record at the resume point should have come before, or is another one
     */
    void pass(Lsn lsn, int events) {
        if (passed || resumePoint.lsn().isAfter(lsn)) {
            return;
        }
        if (lsn.isAfter(resumePoint.lsn())) {
            throw new OtherHistory(
                    "something at " + lsn + " came, but nothing that ends at " + resumePoint.lsn(), resumePoint);
        }
        if (resumePoint.isPartial()) {
            if (events == 0) {
                return; // a barrier may end where the commit does
            }
            if (events <= resumePoint.partialOrdinal()) {
                throw new OtherHistory(
                        "the transaction at " + lsn + " has " + events + " events, but "
                                + (resumePoint.partialOrdinal() + 1) + " of them were published",
                        resumePoint);
            }
        }
        passed = true;
    }
}
