// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.audit;

/**
 * Rows by the hash of their id, each with a digest of its content and what was seen of it in Kafka. Open addressing in
 * arrays: 25 bytes per slot, for ids of any length. An id that several rows share is stored several times.
 */
final class RowSet {

    private static final byte USED = 1;
    private static final byte SEEN = 2;
    private static final byte REPEATED = 4;
    private static final byte ALTERED = 8;
    static final int BYTES_PER_ROW = 2 * 25;

    private final long[] high;
    private final long[] low;
    private final long[] contents;
    private final byte[] states;
    private final int mask;
    private int size;

    /** @param capacity maximum number of rows */
    RowSet(int capacity) {
        int slots = Integer.highestOneBit(Math.max(8, capacity) * 2 - 1) * 2;
        high = new long[slots];
        low = new long[slots];
        contents = new long[slots];
        states = new byte[slots];
        mask = slots - 1;
    }

    void add(long idHigh, long idLow, long content) {
        if (2L * size > states.length) {
            throw new IllegalStateException("more rows than were announced");
        }
        int slot = (int) idHigh & mask;
        while (states[slot] != 0) {
            slot = (slot + 1) & mask;
        }
        high[slot] = idHigh;
        low[slot] = idLow;
        contents[slot] = content;
        states[slot] = USED;
        size++;
    }

    /**
     * A record with that id is in Kafka.
     *
     * @param counts whether a second one is one too many; not for a replay or a dead letter
     * @param content of the record
     * @param hasContent whether the content can be compared
     */
    void saw(long idHigh, long idLow, long content, boolean hasContent, boolean counts) {
        int first = -1;
        int slot = (int) idHigh & mask;
        for (; states[slot] != 0; slot = (slot + 1) & mask) {
            if (high[slot] != idHigh || low[slot] != idLow) {
                continue;
            }
            if (first < 0) {
                first = slot;
            }
            if ((states[slot] & SEEN) == 0 && (!hasContent || contents[slot] == content)) {
                states[slot] |= SEEN;
                return;
            }
        }
        if (first < 0) {
            return;
        }
        if (hasContent && contents[first] != content) {
            states[first] |= ALTERED | SEEN;
        } else if (counts) {
            states[first] |= REPEATED;
        }
    }

    boolean isAllSeenOnce() {
        for (byte state : states) {
            if (state != 0 && state != (USED | SEEN)) {
                return false;
            }
        }
        return true;
    }

    /** What was seen of a row. */
    enum Seen {
        ONCE,
        NEVER,
        TWICE,
        OTHERWISE
    }

    /** Rows with the same id and content cannot be distinguished: the first stands for all of them. */
    Seen seen(long idHigh, long idLow, long content) {
        int slot = (int) idHigh & mask;
        for (; states[slot] != 0; slot = (slot + 1) & mask) {
            if (high[slot] == idHigh && low[slot] == idLow && contents[slot] == content) {
                byte state = states[slot];
                if ((state & ALTERED) != 0) {
                    return Seen.OTHERWISE;
                }
                if ((state & SEEN) == 0) {
                    return Seen.NEVER;
                }
                return (state & REPEATED) != 0 ? Seen.TWICE : Seen.ONCE;
            }
        }
        throw new IllegalStateException("a row of the same snapshot was not there before");
    }
}
