// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/** One parked request. Confined to the watermark thread, except {@link #answer}, which any thread may complete. */
final class Waiter implements Comparable<Waiter> {

    final Lsn target;
    final long sinceNanos = System.nanoTime();
    private final List<Future<?>> timers = new ArrayList<>(2);
    final CompletableFuture<Answer> answer = new CompletableFuture<>();

    Waiter(Lsn target) {
        this.target = target;
    }

    /** Keeps a timer, to be cancelled when the waiter is answered. */
    void timer(Future<?> timer) {
        timers.add(timer);
    }

    /** Answers the waiter, unless it has an answer; on the watermark thread. */
    void complete(Answer given) {
        timers.forEach(timer -> timer.cancel(false));
        timers.clear();
        answer.complete(given);
    }

    long waitedMillis() {
        return (System.nanoTime() - sinceNanos) / 1_000_000;
    }

    /** The lowest token comes first. */
    @Override
    public int compareTo(Waiter other) {
        return target.compareTo(other.target);
    }
}
