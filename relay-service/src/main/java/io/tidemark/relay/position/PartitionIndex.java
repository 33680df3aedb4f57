package io.tidemark.relay.position;

import io.tidemark.outbox.Lsn;
import java.util.Arrays;

/**
 * One partition's share of the index: pairs (first LSN, end offset), both ascending, meaning that events from that LSN
 * on lie before that offset and not before the pair's predecessor. When full, its older half is halved by merging
 * neighbours: (a, x), (b, y) become (a, y), which asks for more than needed, never for less. Not thread-safe.
 */
final class PartitionIndex {

    static final int CAPACITY = 1024;

    private long[] firstLsns = new long[16];
    private long[] endOffsets = new long[16];
    private int size;

    void add(Lsn firstLsn, long endOffset) {
        if (size > 0 && endOffset <= endOffsets[size - 1]) {
            return; // a rebase that found nothing new
        }
        while (size > 0 && Long.compareUnsigned(firstLsn.value(), firstLsns[size - 1]) <= 0) {
            size--; // a split transaction's earlier parts; the new pair asks for all of theirs and more
        }
        if (size == CAPACITY) {
            thin();
        }
        if (size == firstLsns.length) {
            firstLsns = Arrays.copyOf(firstLsns, size * 2);
            endOffsets = Arrays.copyOf(endOffsets, size * 2);
        }
        firstLsns[size] = firstLsn.value();
        endOffsets[size] = endOffset;
        size++;
    }

    private void thin() {
        int half = size / 2;
        int to = 0;
        for (int from = 0; from < half; from += 2) {
            firstLsns[to] = firstLsns[from];
            endOffsets[to] = endOffsets[Math.min(from + 1, half - 1)];
            to++;
        }
        System.arraycopy(firstLsns, half, firstLsns, to, size - half);
        System.arraycopy(endOffsets, half, endOffsets, to, size - half);
        size -= half - to;
    }

    /** The end offset of the last pair that begins at or below {@code lsn}. */
    long need(Lsn lsn) {
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
        return low == 0 ? 0 : endOffsets[low - 1];
    }

    /** Just below the first pair that ends above {@code committed}; {@code published} when there is none. */
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
