// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.position;

import io.tidemark.outbox.Lsn;

/**
 * Up to where Kafka already has everything, as read from Kafka at the start of a run. The stream begins at or before
 * this point, at the slot's confirmed LSN, and everything at or below it is dropped.
 *
 * @param lsn every transaction with a commit LSN below it is published, and also the one at it unless partial
 * @param partialOrdinal of the transaction that commits at {@code lsn}, only the events up to this ordinal are
 *     published; -1 when all of them are
 * @param complete the last LSN up to which whole transactions are published, as it came off the stream: the maximum to
 *     which the slot may be confirmed. Not {@code lsn} minus one: Postgres skips a transaction whose commit record
 *     <em>starts</em> below the confirmed LSN (docs/adr/0004)
 * @param isAdopted whether {@code lsn} did not come off the stream, because a person named it or the database changed
 *     its timeline there. Then no record need end there; otherwise one does
 */
public record ResumePoint(Lsn lsn, int partialOrdinal, Lsn complete, boolean isAdopted) {

    private static final int WHOLE = -1;

    public ResumePoint {
        if (partialOrdinal < WHOLE) {
            throw new IllegalArgumentException("no event has the ordinal " + partialOrdinal);
        }
        if (partialOrdinal == WHOLE ? !complete.equals(lsn) : complete.isAfter(lsn)) {
            throw new IllegalArgumentException("whole up to " + complete + " does not fit " + lsn);
        }
        if (isAdopted && partialOrdinal != WHOLE) {
            throw new IllegalArgumentException("a person cannot name a part of a transaction");
        }
    }

    public static ResumePoint after(Lsn lsn) {
        return new ResumePoint(lsn, WHOLE, lsn, false);
    }

    /** A point that a person named, taking everything at or below it as published; it did not come off the stream. */
    public static ResumePoint adopted(Lsn lsn) {
        return new ResumePoint(lsn, WHOLE, lsn, true);
    }

    /**
     * The point where the database left the timeline that was published: its history proves that everything before is
     * in Kafka.
     */
    public static ResumePoint atSwitch(Lsn lsn) {
        return new ResumePoint(lsn, WHOLE, lsn, true);
    }

    public static ResumePoint inside(Lsn commitLsn, int lastPublishedOrdinal, Lsn complete) {
        if (lastPublishedOrdinal < 0) {
            throw new IllegalArgumentException("no event has the ordinal " + lastPublishedOrdinal);
        }
        return new ResumePoint(commitLsn, lastPublishedOrdinal, complete, false);
    }

    /** How many of the first events of the transaction committed at {@code commitLsn} are already in Kafka. */
    public int alreadyPublished(Lsn commitLsn, int eventCount) {
        if (commitLsn.isAfter(lsn)) {
            return 0;
        }
        return commitLsn.equals(lsn) && isPartial() ? partialOrdinal + 1 : eventCount;
    }

    /** Whether everything that was published up to {@code other} was published up to this point. */
    public boolean isAtLeast(ResumePoint other) {
        int byLsn = lsn.compareTo(other.lsn);
        return byLsn != 0 ? byLsn > 0 : !isPartial() || (other.isPartial() && partialOrdinal >= other.partialOrdinal);
    }

    /** Whether both are the same place, regardless of where each LSN came from. */
    public boolean isSamePlaceAs(ResumePoint other) {
        return isAtLeast(other) && other.isAtLeast(this);
    }

    /** Whether the transaction that commits at {@link #lsn} is published only in part. */
    public boolean isPartial() {
        return partialOrdinal >= 0;
    }
}
