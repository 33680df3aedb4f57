// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class ReadinessTest {

    private static Readiness of(OptionalDouble viewAge) {
        return new Readiness(() -> viewAge, () -> "no replica is active");
    }

    @Test
    void isReadyWhileItsViewIsRecent() {
        assertThat(of(OptionalDouble.of(0)).whyNot()).isEmpty();
        assertThat(of(OptionalDouble.of(15)).whyNot()).isEmpty();
    }

    @Test
    void returnsTheReasonWhenNotReady() {
        assertThat(of(OptionalDouble.empty()).whyNot())
                .hasValue("what is published is not known yet: no replica is active");
        assertThat(of(OptionalDouble.of(15.1)).whyNot())
                .hasValue("what is published has not been known for 15 s: no replica is active");
    }
}
