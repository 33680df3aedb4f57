package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import java.util.concurrent.CompletableFuture;

/** One parked request. Confined to the watermark thread, but for {@link #answer}, which anyone may complete. */
final class Waiter implements Comparable<Waiter> {

    final Lsn target;
    final long sinceNanos = System.nanoTime();
    /** Its wait is over: to be answered with the first evidence, whatever it says. */
    boolean answersNow;

    final CompletableFuture<Answer> answer = new CompletableFuture<>();

    Waiter(Lsn target) {
        this.target = target;
    }

    long waitedMillis() {
        return (System.nanoTime() - sinceNanos) / 1_000_000;
    }

    /** The one that is satisfied first comes first. */
    @Override
    public int compareTo(Waiter other) {
        return target.compareTo(other.target);
    }
}
