// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.bench;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/** Every event by its number: whether it was committed, and how often and in which order it was read. Any thread. */
final class Tally {

    private final BitSet committed = new BitSet();
    private final BitSet read = new BitSet();
    private final Map<String, Integer> lastOf = new HashMap<>();
    private int repeated;
    private int outOfOrder;

    /**
     * The result.
     *
     * @param missing committed, but not read
     * @param duplicated read more often than once, or never committed
     * @param outOfOrder read after a later event of their aggregate
     */
    record Counts(int written, int missing, int duplicated, int outOfOrder) {

        boolean isClean() {
            return missing == 0 && duplicated == 0 && outOfOrder == 0;
        }
    }

    synchronized void committed(int number) {
        committed.set(number);
    }

    synchronized void committed(int first, int count) {
        committed.set(first, first + count);
    }

    /** Event numbers of an aggregate increase. Returns true if this event is read for the first time. */
    synchronized boolean read(int number, String aggregate) {
        if (read.get(number)) {
            repeated++;
            return false;
        }
        read.set(number);
        Integer before = lastOf.put(aggregate, number);
        if (before != null && before > number) {
            outOfOrder++;
        }
        return true;
    }

    /** Call it when nothing is written or read any more. */
    synchronized Counts counts() {
        BitSet missing = (BitSet) committed.clone();
        missing.andNot(read);
        BitSet phantom = (BitSet) read.clone();
        phantom.andNot(committed);
        return new Counts(committed.cardinality(), missing.cardinality(), repeated + phantom.cardinality(), outOfOrder);
    }
}
