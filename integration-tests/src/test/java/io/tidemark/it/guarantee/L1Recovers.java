package io.tidemark.it.guarantee;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;

/**
 * Takes over or recovers within the time stated. The time is what any machine manages, so that none that is merely busy
 * fails; how long it took is printed.
 */
public final class L1Recovers {

    /**
     * A fault that is over.
     *
     * @param took from its end until something committed after it was published
     */
    public record Recovery(String fault, Duration took) {}

    private final Duration within;

    public L1Recovers(Duration within) {
        this.within = within;
    }

    public void check(List<Recovery> recoveries) {
        assertThat(recoveries)
                .allSatisfy(recovery -> assertThat(recovery.took())
                        .as("recovery from " + recovery.fault())
                        .isLessThan(within));
    }
}
