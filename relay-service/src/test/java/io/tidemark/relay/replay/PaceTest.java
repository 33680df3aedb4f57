// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PaceTest {

    private final AtomicLong nanos = new AtomicLong();

    private Pace pace(OptionalInt eventsPerSecond) {
        return new Pace(eventsPerSecond, nanos::get, nanos::addAndGet);
    }

    @Test
    void letsTheConfiguredRatePassEvenly() throws InterruptedException {
        Pace pace = pace(OptionalInt.of(100));

        for (int i = 0; i < 1001; i++) {
            pace.awaitNext();
        }

        assertThat(nanos.get()).isEqualTo(Duration.ofSeconds(10).toNanos());
    }

    @Test
    void doesNotCatchUpAfterAPause() throws InterruptedException {
        Pace pace = pace(OptionalInt.of(100));
        pace.awaitNext();
        nanos.addAndGet(Duration.ofMinutes(1).toNanos());
        long afterPause = nanos.get();

        for (int i = 0; i < 101; i++) {
            pace.awaitNext();
        }

        assertThat(nanos.get() - afterPause).isEqualTo(Duration.ofSeconds(1).toNanos());
    }

    @Test
    void withoutALimitNothingWaits() throws InterruptedException {
        Pace pace = pace(OptionalInt.empty());

        for (int i = 0; i < 1000; i++) {
            pace.awaitNext();
        }

        assertThat(nanos.get()).isZero();
    }
}
