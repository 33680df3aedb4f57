// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.rebuild;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.consumers.internal.progress.ProgressTable.Partition;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SwitchBackoffTest {

    private static final Partition STUCK = new Partition("t", 0);
    private static final Partition OTHER = new Partition("t", 1);

    private final SwitchBackoff backoff = new SwitchBackoff();

    private boolean allowsAttempt(Map<Partition, Long> missing, Duration at) {
        return backoff.allowsAttempt(missing, at.toNanos());
    }

    @Test
    void allowsTheFirstAttempt() {
        assertThat(allowsAttempt(Map.of(STUCK, 5L), Duration.ZERO)).isTrue();
    }

    @Test
    void allowsNoAttemptBeforeTheMissingPartitionsHaveAdvanced() {
        backoff.failed(Map.of(STUCK, 5L), 0);

        assertThat(allowsAttempt(Map.of(STUCK, 5L), Duration.ofHours(1))).isFalse();
        assertThat(allowsAttempt(Map.of(STUCK, 5L, OTHER, 9L), Duration.ofHours(1)))
                .isFalse();
        assertThat(allowsAttempt(Map.of(STUCK, 6L), Duration.ofHours(1))).isTrue();
        assertThat(allowsAttempt(Map.of(OTHER, 9L), Duration.ofHours(1)))
                .as("the stuck partition has caught up")
                .isTrue();
    }

    @Test
    void waitsTwiceAsLongAfterEachFailureUpToAMinute() {
        for (long seconds : new long[] {2, 4, 8, 16, 32, 60, 60}) {
            backoff.failed(Map.of(), 0);

            assertThat(allowsAttempt(
                            Map.of(STUCK, 5L), Duration.ofSeconds(seconds).minusNanos(1)))
                    .isFalse();
            assertThat(allowsAttempt(Map.of(STUCK, 5L), Duration.ofSeconds(seconds)))
                    .isTrue();
        }
    }
}
