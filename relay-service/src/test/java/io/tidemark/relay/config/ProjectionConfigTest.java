// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dropwizard.util.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProjectionConfigTest {

    @Test
    void refusesAnEmptyGroup() {
        assertThatThrownBy(() -> new ProjectionConfig("view", "", List.of("outbox.order"), null))
                .isInstanceOf(ConfigurationProblem.class)
                .hasMessageContaining("projections.group of 'view' is empty");
        assertThat(new ProjectionConfig("view", null, List.of("outbox.order"), null).group())
                .isEqualTo("view");
    }

    @Test
    void refusesToHideEffectsForMoreThanAnHour() {
        List<String> topics = List.of("outbox.order");

        assertThat(new ProjectionConfig("view", null, topics, null).visibleAfter())
                .isEqualTo(Duration.seconds(0));
        assertThat(new ProjectionConfig("view", null, topics, null, Duration.minutes(60))
                        .visibleAfter()
                        .toHours())
                .isEqualTo(1);
        assertThatThrownBy(() -> new ProjectionConfig("view", null, topics, null, Duration.minutes(61)))
                .isInstanceOf(ConfigurationProblem.class)
                .hasMessageContaining("projections.visibleAfter of 'view' is 61 minutes");
    }
}
