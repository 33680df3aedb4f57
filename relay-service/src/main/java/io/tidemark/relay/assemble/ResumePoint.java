package io.tidemark.relay.assemble;

import io.tidemark.outbox.Lsn;

/**
 * Up to where Kafka already has everything, as read from it at the start of a run. The stream begins at or before it,
 * at the slot's confirmed LSN, and what lies at or below it is dropped.
 *
 * @param lsn every transaction with a commit LSN below it, and every one at it unless partial, is published
 * @param partialOrdinal of the transaction that commits at {@code lsn} only the events up to this ordinal are
 *     published; -1 when all of it is
 */
public record ResumePoint(Lsn lsn, int partialOrdinal) {

    private static final int WHOLE = -1;

    public ResumePoint {
        if (partialOrdinal < WHOLE) {
            throw new IllegalArgumentException("no event has the ordinal " + partialOrdinal);
        }
    }

    public static ResumePoint after(Lsn lsn) {
        return new ResumePoint(lsn, WHOLE);
    }

    public static ResumePoint inside(Lsn commitLsn, int lastPublishedOrdinal) {
        if (lastPublishedOrdinal < 0) {
            throw new IllegalArgumentException("no event has the ordinal " + lastPublishedOrdinal);
        }
        return new ResumePoint(commitLsn, lastPublishedOrdinal);
    }

    /** How many of the first events of the transaction committed at {@code commitLsn} are in Kafka already. */
    int alreadyPublished(Lsn commitLsn, int eventCount) {
        if (commitLsn.isAfter(lsn)) {
            return 0;
        }
        return commitLsn.equals(lsn) && partialOrdinal >= 0 ? partialOrdinal + 1 : eventCount;
    }

    /** Whether the transaction that commits at {@link #lsn} is published in part only. */
    public boolean isPartial() {
        return partialOrdinal >= 0;
    }

    /** Everything at or below it is published as a whole; just below {@link #lsn} when that one is partial. */
    public Lsn complete() {
        return isPartial() ? new Lsn(lsn.value() - 1) : lsn;
    }
}
