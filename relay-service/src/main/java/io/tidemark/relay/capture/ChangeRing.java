// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The bounded queue from the streaming thread to the publishing thread. It keeps the order and drops nothing; the
 * faster thread waits. Bounded by count and by bytes; a change larger than the bound passes alone.
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
     * Adds the change; waits for room up to the timeout.
     *
     * @return false when there was not enough room in time; the change was not added
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

    /** Rejects further changes and releases threads that wait for room. */
    public void close() {
        lock.lock();
        try {
            closed = true;
            notFull.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Moves all queued changes into {@code target}; waits for a first change up to the timeout. */
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
