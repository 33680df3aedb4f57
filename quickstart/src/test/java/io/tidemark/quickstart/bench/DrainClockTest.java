// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DrainClockTest {

    private static final long SECOND = 1_000_000_000;

    private final DrainClock clock = new DrainClock(1000);

    private void poll(int events, double atSeconds) {
        long nanos = (long) (atSeconds * SECOND);
        IntStream.range(0, events).forEach(number -> clock.read(number, nanos));
    }

    @Test
    void returnsTheRateOfEventsAfterTheFirstPoll() {
        poll(100, 10);
        poll(300, 11);
        poll(200, 12); // half of them have arrived
        poll(400, 13);

        assertThat(clock.isComplete()).isTrue();
        assertThat(clock.seconds()).isEqualTo(3);
        assertThat(clock.eventsPerSecond()).hasValue(300);
        assertThat(clock.secondHalfEventsPerSecond()).hasValue(400);
        assertThat(clock.secondsSince(5 * SECOND)).isEqualTo(8);
    }

    @Test
    void returnsNoRateForEventsOfOnePoll() {
        poll(1000, 10);

        assertThat(clock.isComplete()).isTrue();
        assertThat(clock.eventsPerSecond()).isEmpty();
        assertThat(clock.secondHalfEventsPerSecond()).isEmpty();
        assertThat(clock.seconds()).isZero();
    }

    @Test
    void returnsTheRateOfArrivedEventsWhenSomeAreMissing() {
        poll(100, 10);
        poll(200, 11);

        assertThat(clock.isComplete()).isFalse();
        assertThat(clock.count()).isEqualTo(300);
        assertThat(clock.eventsPerSecond()).hasValue(200);
        assertThat(clock.secondHalfEventsPerSecond()).isEmpty();
    }

    @Test
    void returnsZeroSecondsWithoutEvents() {
        assertThat(clock.seconds()).isZero();
        assertThat(clock.secondsSince(SECOND)).isZero();
        assertThat(clock.eventsPerSecond()).isEmpty();
    }
}
