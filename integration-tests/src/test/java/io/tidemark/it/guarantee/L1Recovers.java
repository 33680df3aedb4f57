// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.guarantee;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;

/**
 * Takes over or recovers within a maximum time. The maximum is large, so that a busy machine does not fail. The actual
 * time is printed.
 */
public final class L1Recovers {

    /**
     * A fault that has ended.
     *
     * @param took time from its end until an event committed after it was published
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
