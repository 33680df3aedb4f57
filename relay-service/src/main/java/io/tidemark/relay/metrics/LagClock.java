package io.tidemark.relay.metrics;

import io.tidemark.outbox.Lsn;

/**
 * How long ago the WAL ended where something has come to by now: remembers where its end was seen when. Bounded: when
 * there are many marks every other one is dropped, which makes ages a little too small, never too large. Safe on any
 * thread.
 */
final class LagClock {

    static final int MOST_MARKS = 512;

    private final long[] lsns = new long[MOST_MARKS];
    private final long[] nanos = new long[MOST_MARKS];
    private int size;

    /** The WAL ends there now. */
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

    /** Seconds since the oldest mark above {@code reached} was made; 0 when it has come to all of them. */
    synchronized double secondsBehind(Lsn reached, long nowNanos) {
        for (int i = 0; i < size; i++) {
            if (Long.compareUnsigned(lsns[i], reached.value()) > 0) {
                return Math.max(0, nowNanos - nanos[i]) / 1e9;
            }
        }
        return 0;
    }

    /** Nothing will ask about what everyone has come to. */
    synchronized void forgetUpTo(Lsn reached) {
        int passed = 0;
        while (passed < size && Long.compareUnsigned(lsns[passed], reached.value()) <= 0) {
            passed++;
        }
        System.arraycopy(lsns, passed, lsns, 0, size - passed);
        System.arraycopy(nanos, passed, nanos, 0, size - passed);
        size -= passed;
    }

    /** The database is another one, whose LSNs mean something else. */
    synchronized void clear() {
        size = 0;
    }

    synchronized int size() {
        return size;
    }
}
