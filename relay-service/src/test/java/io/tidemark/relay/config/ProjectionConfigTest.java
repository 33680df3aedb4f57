// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
}
