// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.health;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RelayHealthCheckTest {

    private final RelayState state = new RelayState();
    private final RelayHealthCheck check = new RelayHealthCheck(state);

    @Test
    void namesWhatAStartingRelayWaitsFor() {
        assertThat(check.check().getMessage()).startsWith("starting since ").endsWith(": connecting to Postgres");
    }

    /** The message once was "starting since …: null". */
    @ParameterizedTest
    @EnumSource(RelayState.Phase.class)
    void neverContainsNull(RelayState.Phase phase) {
        state.enter(phase, null);

        assertThat(check.check().getMessage())
                .startsWith(phase.name().toLowerCase(java.util.Locale.ROOT))
                .doesNotContain("null");
    }
}
