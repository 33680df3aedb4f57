// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LagClockTest {

    private final LagClock clock = new LagClock();

    private static long at(long seconds) {
        return TimeUnit.SECONDS.toNanos(seconds);
    }

    private double behind(long reached, long nowSeconds) {
        return clock.secondsBehind(new Lsn(reached), at(nowSeconds));
    }

    private void mark(long head, long seconds) {
        clock.mark(new Lsn(head), at(seconds));
    }

    @Test
    void isZeroWhenTheLastMarkIsReached() {
        mark(100, 1);
        mark(200, 2);

        assertThat(behind(200, 50)).isZero();
        assertThat(behind(300, 50)).isZero();
    }

    @Test
    void isTheAgeOfTheOldestMarkNotReached() {
        mark(100, 1);
        mark(200, 2);
        mark(300, 3);

        assertThat(behind(100, 10)).isEqualTo(8);
        assertThat(behind(99, 10)).isEqualTo(9);
        assertThat(behind(299, 10)).isEqualTo(7);
    }

    /** A source that writes nothing has one mark, from the first look. The lag behind it does not grow. */
    @Test
    void marksAnIdleSourceOnce() {
        mark(100, 1);
        mark(100, 60);

        assertThat(clock.size()).isEqualTo(1);
        assertThat(behind(99, 61)).isEqualTo(60);
    }

    @Test
    void comparesLsnsWithoutSign() {
        mark(-2, 1); // the second highest LSN

        assertThat(behind(5, 2)).isEqualTo(1);
        assertThat(behind(-1, 2)).isZero();
    }

    @Test
    void staysBoundedAndKeepsTheOldest() {
        for (int i = 1; i <= 100 * LagClock.MOST_MARKS; i++) {
            mark(i, i);
        }

        assertThat(clock.size()).isLessThanOrEqualTo(LagClock.MOST_MARKS);
        assertThat(behind(0, 100_000)).isEqualTo(100_000 - 1);
    }

    /** Dropped marks make an age too small, never too large. */
    @Test
    void neverExceedsTheTrueLagWhenMarksWereDropped() {
        for (int i = 1; i <= 5 * LagClock.MOST_MARKS; i++) {
            mark(i, i);
        }
        int now = 10 * LagClock.MOST_MARKS;

        for (int reached = 0; reached < 5 * LagClock.MOST_MARKS - 1; reached++) {
            assertThat(behind(reached, now)).isPositive().isLessThanOrEqualTo(now - (reached + 1));
        }
    }

    @Test
    void dropsMarksThatEveryoneHasReached() {
        mark(100, 1);
        mark(200, 2);
        mark(300, 3);

        clock.forgetUpTo(new Lsn(200));

        assertThat(clock.size()).isEqualTo(1);
        assertThat(behind(250, 10)).isEqualTo(7);
    }
}
