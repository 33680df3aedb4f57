// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MarkerPauseTest {

    private final MarkerPause pause = new MarkerPause();
    private long now = TimeUnit.HOURS.toNanos(-1); // nanoTime may be negative

    private static long ms(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }

    /** A transaction that begins when the pause is over, and whose first record takes this long. */
    private void transaction(long ackMillis) {
        now += pause.leftNanos(now);
        long beganAt = now;
        now += ms(ackMillis);
        pause.committed(beganAt, now, now);
    }

    private void transactions(int count, long ackMillis) {
        for (int i = 0; i < count; i++) {
            transaction(ackMillis);
        }
    }

    private double millis() {
        return pause.leftNanos(now) / 1e6;
    }

    @Test
    void isNotBeforeAnything() {
        assertThat(millis()).isZero();
    }

    @Test
    void beginsLongAndIsOverAfterItsTime() {
        transaction(1);
        assertThat(millis()).isEqualTo(8);
        now += ms(4);
        assertThat(millis()).isEqualTo(4);
        now += ms(100);
        assertThat(millis()).isZero();
    }

    @Test
    void shrinksUntilRecordsAreHeldBack() {
        transactions(300, 1);
        double shorter = millis();
        assertThat(shorter).isBetween(1.7, 1.8);
        transaction(21);
        assertThat(millis()).isEqualTo(shorter + 1);
        transactions(4, 21);
        assertThat(millis()).isEqualTo(shorter + 5);
    }

    @Test
    void settlesWhereFewAreHeldBack() {
        int heldBack = 0;
        for (int i = 0; i < 10_000; i++) {
            boolean isHeldBack = millis() < 4.5; // the markers take this long
            heldBack += isHeldBack ? 1 : 0;
            transaction(isHeldBack ? 22 : 1);
        }
        assertThat(millis()).isBetween(4.0, 6.0);
        assertThat(heldBack).isBetween(100, 300);
    }

    @Test
    void ofABrokerThatIsAlwaysSlowShrinksToo() {
        transactions(1_000, 60);
        assertThat(millis()).isLessThan(0.2);
    }

    @Test
    void ofABrokerThatHasBecomeSlowShrinksAgain() {
        transactions(1_000, 1);
        transactions(13, 40);
        assertThat(millis()).isGreaterThan(7);
        transactions(1_000, 40);
        assertThat(millis()).isLessThan(0.2);
    }

    @Test
    void learnsNothingFromOneThatBeginsLate() {
        transactions(400, 1);
        double before = millis();
        now += ms(1_000);
        transaction(30);
        assertThat(millis()).isEqualTo(before);
    }
}
