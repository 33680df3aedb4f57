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

/** The waiters of one projection, the one that is satisfied first in front. Confined to the watermark thread, but where said. */
final class ParkedWaiters {

    private final PriorityQueue<Waiter> parked = new PriorityQueue<>();
    /** Those whose wait is over: to be answered with the first evidence, whatever it says. */
    private final Set<Waiter> urgent = new HashSet<>();

    private long newestNanos = System.nanoTime();

    /** How many wait; on any thread. */
    private final AtomicInteger waiting = new AtomicInteger();

    /**
     * On any thread.
     *
     * @return how many wait with this one
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

    /** From now on the first evidence will do. */
    void answerOnNextEvidence(Waiter waiter) {
        urgent.add(waiter);
    }

    boolean isUrgent(Waiter waiter) {
        return urgent.contains(waiter);
    }

    /** When the last of them came. */
    long newestNanos() {
        return newestNanos;
    }

    boolean isEmpty() {
        return parked.isEmpty();
    }

    /** The lowest LSN that somebody waits for. */
    Optional<Lsn> firstTarget() {
        return Optional.ofNullable(parked.peek()).map(first -> first.target);
    }

    /** Answers it, unless it has been answered. */
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

    /** Takes out those whose token is at or below {@code watermark}. */
    List<Waiter> takeUpTo(Lsn watermark) {
        List<Waiter> taken = new ArrayList<>();
        for (Waiter first = parked.peek(); first != null && watermark.isAtLeast(first.target); first = parked.peek()) {
            parked.remove();
            taken.add(first);
        }
        return taken;
    }

    /** Those of {@link #takeUpTo} that were answered. */
    void taken(Waiter waiter) {
        urgent.remove(waiter);
    }

    /** Those of {@link #takeUpTo} that cannot be answered yet. */
    void putBack(Collection<Waiter> held) {
        parked.addAll(held);
    }

    /** Those whose wait is over, and those whose token is above {@code stuck}, where waiting for more is in vain. */
    Stream<Waiter> leaving(Optional<Lsn> stuck) {
        return stuck.map(above ->
                        parked.stream().filter(waiter -> urgent.contains(waiter) || waiter.target.isAfter(above)))
                .orElseGet(urgent::stream);
    }
}
