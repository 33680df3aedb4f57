// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.question;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.source.Nudge;
import io.tidemark.relay.source.SourceIdentity;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class WalLooksTest {

    private static final SourceIdentity SHOP = new SourceIdentity("7f3a9c21", "71", "shop", 1);
    private static final SourceIdentity PROMOTED = new SourceIdentity("7f3a9c21", "71", "shop", 2);

    private final Deque<CompletableFuture<Nudge>> readings = new ArrayDeque<>();
    private final Deque<Runnable> later = new ArrayDeque<>();
    private long nanos = -5_000_000_000L; // nanoTime may be negative
    private final WalLooks looks = new WalLooks(
            () -> {
                CompletableFuture<Nudge> reading = new CompletableFuture<>();
                readings.add(reading);
                return reading;
            },
            () -> nanos,
            later::add);

    private void pass(long millis) {
        nanos += TimeUnit.MILLISECONDS.toNanos(millis);
    }

    private WalLook look(long lsn, SourceIdentity server) {
        CompletableFuture<WalLook> look = looks.fresh();
        readings.remove().complete(new Nudge(new Lsn(lsn), server));
        return look.join();
    }

    /** The WAL may have been read at any time until the reading arrives; only the beginning is certain. */
    @Test
    void aLookIsAsOldAsItsQuestionNotAsItsAnswer() {
        long asked = nanos;
        CompletableFuture<WalLook> look = looks.fresh();
        pass(3_000);
        readings.remove().complete(new Nudge(new Lsn(7), SHOP));

        assertThat(look.join().begunNanos()).isEqualTo(asked);
        assertThat(looks.firstSince(asked + 1, SHOP)).isEmpty();
        assertThat(looks.firstSince(asked, SHOP)).contains(look.join());
    }

    @Test
    void returnsTheOldestLookThatIsYoungEnough() {
        look(1, SHOP);
        pass(100);
        WalLook second = look(2, SHOP);
        pass(100);
        look(3, SHOP);

        assertThat(looks.firstSince(second.begunNanos(), SHOP)).contains(second);
        assertThat(looks.firstSince(second.begunNanos() - 1, SHOP)).contains(second);
        assertThat(looks.firstSince(nanos + 1, SHOP)).isEmpty();
    }

    @Test
    void forgetsTheLooksAtAnotherServer() {
        look(9, SHOP);
        pass(100);

        WalLook promoted = look(5, PROMOTED);

        assertThat(looks.firstSince(nanos - TimeUnit.HOURS.toNanos(1), SHOP)).isEmpty();
        assertThat(looks.firstSince(nanos - TimeUnit.HOURS.toNanos(1), PROMOTED))
                .contains(promoted);
    }

    @Test
    void remembersABoundedNumberAndTheNewestPrecisely() {
        for (int i = 0; i < 10 * WalLooks.MOST_REMEMBERED; i++) {
            pass(WalLooks.INTERVAL_MILLIS);
            look(i, SHOP);
        }

        assertThat(looks.remembered()).isLessThanOrEqualTo(WalLooks.MOST_REMEMBERED);
        assertThat(looks.firstSince(nanos - TimeUnit.MILLISECONDS.toNanos(WalLooks.INTERVAL_MILLIS), SHOP))
                .hasValueSatisfying(look -> assertThat(nanos - look.begunNanos())
                        .isEqualTo(TimeUnit.MILLISECONDS.toNanos(WalLooks.INTERVAL_MILLIS)));
    }

    @Test
    void keepsLookingForAMinuteAfterTheLastQuestionAndNoLonger() {
        looks.keepLooking();
        looks.keepLooking();
        assertThat(later).as("one series of looks").hasSize(1);

        int made = 0;
        while (!later.isEmpty() && made < 10_000) {
            pass(WalLooks.INTERVAL_MILLIS);
            later.remove().run();
            made += readings.size();
            readings.forEach(reading -> reading.complete(new Nudge(new Lsn(1), SHOP)));
            readings.clear();
        }

        assertThat(made).isEqualTo((int) (60_000 / WalLooks.INTERVAL_MILLIS));
        looks.keepLooking();
        assertThat(later).hasSize(1);
    }

    /** Otherwise a request for each interval would pile up while the database is away. */
    @Test
    void givesUpALookThatDoesNotReturn() {
        looks.keepLooking();
        later.remove().run();
        CompletableFuture<Nudge> first = readings.element();

        later.remove().run();

        assertThat(first).isCancelled();
    }
}
