// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * The waiters of one projection, ordered by token, the lowest first. Confined to the watermark thread, except where
 * noted.
 */
final class ParkedWaiters {

    private final PriorityQueue<Waiter> parked = new PriorityQueue<>();
    /** Waiters whose wait is over. They are answered with the first evidence, whatever the answer. */
    private final Set<Waiter> urgent = new HashSet<>();

    private long newestNanos = System.nanoTime();

    /** Number of waits; on any thread. */
    private final AtomicInteger waiting = new AtomicInteger();

    /**
     * On any thread.
     *
     * @return the number of waits, with this one
     */
    int enterWait() {
        return waiting.incrementAndGet();
    }

    /** On any thread. */
    void leaveWait() {
        waiting.decrementAndGet();
    }

    void park(Waiter waiter) {
        if (parked.isEmpty() || waiter.sinceNanos - newestNanos > 0) {
            newestNanos = waiter.sinceNanos;
        }
        parked.add(waiter);
    }

    /** From now on the waiter is answered with the first evidence. */
    void answerOnNextEvidence(Waiter waiter) {
        urgent.add(waiter);
    }

    boolean isUrgent(Waiter waiter) {
        return urgent.contains(waiter);
    }

    /** When the newest waiter arrived. */
    long newestNanos() {
        return newestNanos;
    }

    boolean isEmpty() {
        return parked.isEmpty();
    }

    /** The lowest LSN that a waiter waits for. */
    Optional<Lsn> firstTarget() {
        return Optional.ofNullable(parked.peek()).map(first -> first.target);
    }

    /** Answers the waiter, unless it has an answer. */
    void answer(Waiter waiter, Answer answer) {
        if (!waiter.answer.isDone()) {
            remove(waiter);
            waiter.complete(answer);
        }
    }

    void answerAll(Answer answer) {
        parked.forEach(waiter -> waiter.complete(answer));
        parked.clear();
        urgent.clear();
    }

    void remove(Waiter waiter) {
        parked.remove(waiter);
        urgent.remove(waiter);
    }

    /** Removes the waiters whose token is at or below {@code watermark}. */
    List<Waiter> takeUpTo(Lsn watermark) {
        List<Waiter> taken = new ArrayList<>();
        for (Waiter first = parked.peek(); first != null && watermark.isAtLeast(first.target); first = parked.peek()) {
            parked.remove();
            taken.add(first);
        }
        return taken;
    }

    /** Called for a waiter of {@link #takeUpTo} that was answered. */
    void taken(Waiter waiter) {
        urgent.remove(waiter);
    }

    /** Puts back the waiters of {@link #takeUpTo} that cannot be answered yet. */
    void putBack(Collection<Waiter> held) {
        parked.addAll(held);
    }

    /** Waiters whose wait is over, and waiters whose token is above {@code stuck}, where waiting does not help. */
    Stream<Waiter> leaving(Optional<Lsn> stuck) {
        return stuck.map(above ->
                        parked.stream().filter(waiter -> urgent.contains(waiter) || waiter.target.isAfter(above)))
                .orElseGet(urgent::stream);
    }
}
