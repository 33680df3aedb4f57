package io.tidemark.consumers.rebuild;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.consumers.progress.ProgressTable.Partition;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HoldPlanTest {

    private static final Partition STUCK = new Partition("t", 0);
    private static final Partition OTHER = new Partition("t", 1);

    private final HoldPlan plan = new HoldPlan();

    private boolean isWorthIt(Map<Partition, Long> missing, Duration at) {
        return plan.isWorthIt(missing, at.toNanos());
    }

    @Test
    void theFirstAttemptIsAlwaysWorthIt() {
        assertThat(isWorthIt(Map.of(STUCK, 5L), Duration.ZERO)).isTrue();
    }

    @Test
    void isNotHeldAgainBeforeWhatWasMissingHasMoved() {
        plan.failed(Map.of(STUCK, 5L), 0);

        assertThat(isWorthIt(Map.of(STUCK, 5L), Duration.ofHours(1))).isFalse();
        assertThat(isWorthIt(Map.of(STUCK, 5L, OTHER, 9L), Duration.ofHours(1))).isFalse();
        assertThat(isWorthIt(Map.of(STUCK, 6L), Duration.ofHours(1))).isTrue();
        assertThat(isWorthIt(Map.of(OTHER, 9L), Duration.ofHours(1)))
                .as("the one that was stuck is there")
                .isTrue();
    }

    @Test
    void waitsTwiceAsLongAfterEachFailureUpToAMinute() {
        for (long seconds : new long[] {2, 4, 8, 16, 32, 60, 60}) {
            plan.failed(Map.of(), 0);

            assertThat(isWorthIt(Map.of(STUCK, 5L), Duration.ofSeconds(seconds).minusNanos(1)))
                    .isFalse();
            assertThat(isWorthIt(Map.of(STUCK, 5L), Duration.ofSeconds(seconds)))
                    .isTrue();
        }
    }
}
