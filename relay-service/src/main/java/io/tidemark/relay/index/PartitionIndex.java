// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import io.tidemark.outbox.Lsn;
import java.util.Arrays;

/**
 * One partition's share of the index: pairs (first LSN, end offset), both ascending. A pair means that events from that
 * LSN on lie before that offset, and not before the pair's predecessor. Neighbours are merged as they age: (a, x), (b,
 * y) become (a, y), which asks for more than needed, never for less. This is an exponential histogram: a pair of level
 * n stands for 2^n additions, and there are at most {@link #PAIRS_A_LEVEL} of a level. So the error of an answer is a
 * small part of its age. Not thread-safe.
 */
final class PartitionIndex {

    /** The error of an answer is at most its distance into the past divided by this number. */
    static final int PAIRS_A_LEVEL = 64;

    private long[] firstLsns = new long[16];
    private long[] endOffsets = new long[16];
    private byte[] levels = new byte[16];
    private int size;

    void add(Lsn firstLsn, long endOffset) {
        if (size > 0 && endOffset <= endOffsets[size - 1]) {
            return; // a rebase that found nothing new
        }
        while (size > 0 && Long.compareUnsigned(firstLsn.value(), firstLsns[size - 1]) <= 0) {
            size--; // a split transaction's earlier parts; the new pair covers all of theirs and more
        }
        if (size == firstLsns.length) {
            firstLsns = Arrays.copyOf(firstLsns, size * 2);
            endOffsets = Arrays.copyOf(endOffsets, size * 2);
            levels = Arrays.copyOf(levels, size * 2);
        }
        firstLsns[size] = firstLsn.value();
        endOffsets[size] = endOffset;
        levels[size] = 0;
        size++;
        mergeOldest();
    }

    /**
     * Levels decrease from old to young. When one has too many pairs, its two oldest become one pair of the next level.
     */
    private void mergeOldest() {
        int end = size;
        for (byte level = 0; level < Byte.MAX_VALUE; level++) {
            int start = end;
            while (start > 0 && levels[start - 1] == level) {
                start--;
            }
            if (end - start <= PAIRS_A_LEVEL) {
                return;
            }
            endOffsets[start] = endOffsets[start + 1];
            levels[start]++;
            int from = start + 2;
            System.arraycopy(firstLsns, from, firstLsns, from - 1, size - from);
            System.arraycopy(endOffsets, from, endOffsets, from - 1, size - from);
            System.arraycopy(levels, from, levels, from - 1, size - from);
            size--;
            end = start + 1;
        }
    }

    int size() {
        return size;
    }

    /** The end offset of the last pair that begins at or below {@code lsn}; 0 when none does. */
    long need(Lsn lsn) {
        int after = firstPairAfter(lsn);
        return after == 0 ? 0 : endOffsets[after - 1];
    }

    /** The end offset of the first pair that begins above {@code lsn}; 0 when none does. */
    long firstAfter(Lsn lsn) {
        int after = firstPairAfter(lsn);
        return after == size ? 0 : endOffsets[after];
    }

    private int firstPairAfter(Lsn lsn) {
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(firstLsns[middle], lsn.value()) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Just below the first pair that ends above {@code committed}; {@code published} when none does. */
    Lsn consumedUpTo(long committed, Lsn published) {
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (endOffsets[middle] <= committed) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low == size) {
            return published;
        }
        return firstLsns[low] == 0 ? Lsn.ZERO : new Lsn(firstLsns[low] - 1);
    }
}
