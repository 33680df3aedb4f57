// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.metrics;

import io.tidemark.outbox.Lsn;

/**
 * Measures lag in seconds: the age of the oldest WAL position that has not been reached yet. Remembers when it saw
 * which end of the WAL. The number of marks is bounded: when there are too many, every second one is dropped. This
 * makes ages a little too small, never too large. Safe on any thread.
 */
final class LagClock {

    static final int MOST_MARKS = 512;

    private final long[] lsns = new long[MOST_MARKS];
    private final long[] nanos = new long[MOST_MARKS];
    private int size;

    /** Records the current end of the WAL. */
    synchronized void mark(Lsn head, long nowNanos) {
        if (size > 0 && Long.compareUnsigned(head.value(), lsns[size - 1]) <= 0) {
            return;
        }
        if (size == MOST_MARKS) {
            thinOut();
        }
        lsns[size] = head.value();
        nanos[size] = nowNanos;
        size++;
    }

    private void thinOut() {
        int kept = 0;
        for (int i = 0; i < size; i += 2) {
            lsns[kept] = lsns[i];
            nanos[kept] = nanos[i];
            kept++;
        }
        size = kept;
    }

    /** Seconds since the oldest mark above {@code reached} was made; 0 when all marks are reached. */
    synchronized double secondsBehind(Lsn reached, long nowNanos) {
        for (int i = 0; i < size; i++) {
            if (Long.compareUnsigned(lsns[i], reached.value()) > 0) {
                return Math.max(0, nowNanos - nanos[i]) / 1e9;
            }
        }
        return 0;
    }

    /** Drops the marks that everyone has reached, which are not needed any more. */
    synchronized void forgetUpTo(Lsn reached) {
        int passed = 0;
        while (passed < size && Long.compareUnsigned(lsns[passed], reached.value()) <= 0) {
            passed++;
        }
        System.arraycopy(lsns, passed, lsns, 0, size - passed);
        System.arraycopy(nanos, passed, nanos, 0, size - passed);
        size -= passed;
    }

    /** Drops all marks: the LSNs of another database cannot be compared with them. */
    synchronized void clear() {
        size = 0;
    }

    synchronized int size() {
        return size;
    }
}
