// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.question;

import io.tidemark.relay.source.Nudge;
import io.tidemark.relay.source.SourceIdentity;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Looks at the end of the source's WAL, and remembers them: an older look answers how stale a projection is. While
 * somebody asks for that, looks continuously; otherwise only on request. Forgetting a look is always sound. Bounded;
 * safe on any thread.
 */
final class WalLooks {

    /** Time between two looks while questions about staleness are asked. */
    static final long INTERVAL_MILLIS = 250;

    /** Looks continue for this long after the last question about staleness. */
    private static final long WANTED_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** Closer ones are not remembered. */
    private static final long LEAST_APART_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    static final int MOST_REMEMBERED = 512;

    private final Supplier<CompletableFuture<Nudge>> walEnd;
    private final LongSupplier nanoClock;
    private final Consumer<Runnable> afterInterval;
    /** The oldest first. */
    private final List<WalLook> looks = new ArrayList<>();

    private boolean isLooking;
    private long wantedNanos;

    /**
     * @param walEnd reads the end of the WAL after the call
     * @param afterInterval runs a task after {@value #INTERVAL_MILLIS} ms
     */
    WalLooks(Supplier<CompletableFuture<Nudge>> walEnd, LongSupplier nanoClock, Consumer<Runnable> afterInterval) {
        this.walEnd = walEnd;
        this.nanoClock = nanoClock;
        this.afterInterval = afterInterval;
    }

    /**
     * A look that begins after this call. One look may serve several calls.
     *
     * @return never completes while the database is away; a caller that no longer needs it cancels it
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the callbacks cannot fail
    CompletableFuture<WalLook> fresh() {
        long begunNanos = nanoClock.getAsLong(); // before the look, so never later than it
        CompletableFuture<Nudge> reading = walEnd.get();
        CompletableFuture<WalLook> look = new CompletableFuture<>();
        reading.thenAccept(end -> {
            WalLook made = new WalLook(begunNanos, end);
            remember(made);
            look.complete(made);
        });
        look.whenComplete((made, failure) -> reading.cancel(false));
        return look;
    }

    /** Replies to parallel calls may arrive in any order. */
    private synchronized void remember(WalLook made) {
        if (!looks.isEmpty()) {
            WalLook last = looks.get(looks.size() - 1);
            if (!last.isOf(made.end().server())) {
                looks.clear();
            } else if (made.begunNanos() - last.begunNanos() < LEAST_APART_NANOS) {
                return;
            }
        }
        looks.add(made);
        if (looks.size() > MOST_REMEMBERED) {
            thin();
        }
    }

    /** Removes every second one of the older half: recent ones answer precisely, old ones coarsely. */
    private void thin() {
        for (int i = MOST_REMEMBERED / 2; i >= 0; i -= 2) {
            looks.remove(i);
        }
    }

    /** The first remembered look of this server that began at that time or later. */
    synchronized Optional<WalLook> firstSince(long nanos, SourceIdentity served) {
        return looks.stream()
                .filter(look -> look.begunNanos() - nanos >= 0 && look.isOf(served))
                .findFirst();
    }

    /** Looks continuously for a while from now on. */
    synchronized void keepLooking() {
        wantedNanos = nanoClock.getAsLong();
        if (!isLooking) {
            isLooking = true;
            afterInterval.accept(this::lookAgain);
        }
    }

    private void lookAgain() {
        synchronized (this) {
            if (nanoClock.getAsLong() - wantedNanos > WANTED_NANOS) {
                isLooking = false;
                return;
            }
        }
        CompletableFuture<WalLook> look = fresh();
        afterInterval.accept(() -> {
            look.cancel(false); // the database is away, or slow
            lookAgain();
        });
    }

    synchronized int remembered() {
        return looks.size();
    }
}
