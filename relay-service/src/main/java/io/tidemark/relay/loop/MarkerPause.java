// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

import java.util.concurrent.TimeUnit;

/**
 * The pause between two Kafka transactions. Kafka writes the markers of a transaction after it has reported the commit.
 * Until they are written, a broker holds the records of the next transaction back and looks again only every 20 ms
 * ({@code add.partitions.to.txn.retry.backoff.ms} of a broker since 4.0, a constant in the client for older ones). A
 * pause that is just long enough costs less. Its length follows what is seen: it begins long, becomes a little shorter
 * with each transaction whose first record was not held back, and 1 ms longer with each one whose was. With a pause of
 * 2 ms, that is one of a hundred. On the publishing thread.
 */
final class MarkerPause {

    /**
     * More would cost as much as being held back. The first pause, too: without one that is long enough, every record
     * may be held back, and this would look usual.
     */
    private static final long MOST_NANOS = TimeUnit.MILLISECONDS.toNanos(8);

    private static final long LONGER_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final int SHORTER_BY = 200;
    /** A record that takes this much longer than usual was held back: a broker's 20 ms, less its precision. */
    private static final long HELD_BACK_NANOS = TimeUnit.MILLISECONDS.toNanos(18);
    /** Number of transactions over which the usual time is taken. */
    private static final int USUAL_OF = 64;
    /** Whoever begins this long after a commit learns nothing about the markers. */
    private static final long LATE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private long nanos = MOST_NANOS;
    /** The least time that the first record of a transaction takes; rises slowly if it takes longer. */
    private long usualNanos = Long.MAX_VALUE;

    private long committedAt;
    private boolean hasCommitted;

    /**
     * A Kafka transaction has been committed.
     *
     * @param beganAt when its first record was sent
     * @param acknowledgedAt when Kafka acknowledged a record of it for the first time
     * @param now the time of the commit; all three by {@link System#nanoTime}
     */
    void committed(long beganAt, long acknowledgedAt, long now) {
        long took = acknowledgedAt - beganAt;
        boolean isHeldBack = took - usualNanos >= HELD_BACK_NANOS;
        if (hasCommitted && beganAt - committedAt < LATE_NANOS) {
            nanos = isHeldBack ? Math.min(MOST_NANOS, nanos + LONGER_NANOS) : nanos - nanos / SHORTER_BY;
        }
        // for a broker that has become slower, the longer time is soon the usual one, and nothing is held back
        usualNanos = took < usualNanos ? took : usualNanos + (took - usualNanos) / USUAL_OF;
        committedAt = now;
        hasCommitted = true;
    }

    /** What is left of the pause. */
    long leftNanos(long now) {
        return hasCommitted ? Math.max(0, nanos - (now - committedAt)) : 0;
    }
}
