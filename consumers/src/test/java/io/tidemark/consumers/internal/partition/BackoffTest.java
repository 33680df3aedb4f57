// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.partition;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BackoffTest {

    @Test
    void doublesUpToTheMaximumAndHalfOfEachDelayIsRandom() {
        Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(1));
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 1000; i++) {
            assertThat(backoff.after(1, random).toMillis()).isBetween(50L, 100L);
            assertThat(backoff.after(3, random).toMillis()).isBetween(200L, 400L);
            assertThat(backoff.after(900, random).toMillis()).isBetween(500L, 1000L);
        }
    }
}
