// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The bounded hand-over from the streaming thread to the publishing thread: order is kept, nothing is dropped, and
 * whoever is ahead waits. Bounded by count and by bytes; one change larger than the bound passes alone.
 */
public final class ChangeRing {

    private final int maxChanges;
    private final long maxBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition notEmpty = lock.newCondition();
    private final Condition notFull = lock.newCondition();
    private final ArrayDeque<Change> changes = new ArrayDeque<>();
    private long bytes;
    private boolean closed;

    public ChangeRing(int maxChanges, long maxBytes) {
        this.maxChanges = maxChanges;
        this.maxBytes = maxBytes;
    }

    /**
     * Adds the change, waiting for room at most so long.
     *
     * @return false when there was no room in time; the change was not added
     * @throws InterruptedException also when the ring is closed
     */
    public boolean offer(Change change, long timeoutMillis) throws InterruptedException {
        int size = change.approximateBytes();
        long nanosLeft = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        lock.lockInterruptibly();
        try {
            while (!closed && !changes.isEmpty() && (changes.size() >= maxChanges || bytes + size > maxBytes)) {
                if (nanosLeft <= 0) {
                    return false;
                }
                nanosLeft = notFull.awaitNanos(nanosLeft);
            }
            if (closed) {
                throw new InterruptedException("the ring is closed");
            }
            changes.addLast(change);
            bytes += size;
            notEmpty.signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Takes nothing more, and lets go whoever waits for room. */
    public void close() {
        lock.lock();
        try {
            closed = true;
            notFull.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Moves everything that is there into {@code target}, waiting for a first change at most so long. */
    public void drainTo(Collection<? super Change> target, long timeoutMillis) throws InterruptedException {
        long nanosLeft = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        lock.lockInterruptibly();
        try {
            while (changes.isEmpty() && nanosLeft > 0) {
                nanosLeft = notEmpty.awaitNanos(nanosLeft);
            }
            target.addAll(changes);
            changes.clear();
            bytes = 0;
            notFull.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
