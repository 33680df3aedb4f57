// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class WaiterNudgesTest {

    private static final long NOW = 1_000_000_000_000L;

    @Test
    void nudgesAtOnceWhereNoEventsFlow() {
        long quiet = NOW - WaiterNudges.QUIET_AFTER_NANOS - 1;

        assertThat(WaiterNudges.delayMillis(true, OptionalLong.empty(), NOW)).isZero();
        assertThat(WaiterNudges.delayMillis(true, OptionalLong.of(quiet), NOW)).isZero();
    }

    @Test
    void hopesForTheNextEventsWhereTheyFlow() {
        long flowing = NOW - WaiterNudges.QUIET_AFTER_NANOS;

        assertThat(WaiterNudges.delayMillis(true, OptionalLong.of(flowing), NOW))
                .isEqualTo(WaiterNudges.NUDGE_AFTER_MILLIS);
    }

    @Test
    void nudgesWithoutADelayIfTheQuestionDoesNotWait() {
        assertThat(WaiterNudges.delayMillis(false, OptionalLong.of(NOW), NOW)).isZero();
    }
}
