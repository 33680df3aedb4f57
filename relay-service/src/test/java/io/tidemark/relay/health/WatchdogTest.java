// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class WatchdogTest {

    private final RelayState state = new RelayState();
    private final AtomicInteger ended = new AtomicInteger();
    private final Watchdog watchdog = new Watchdog(state, 3, ended::incrementAndGet);

    private void seconds(int count) {
        for (int i = 0; i < count; i++) {
            watchdog.tick();
        }
    }

    @Test
    void endsAProcessWhoseLoopMakesNoProgress() {
        state.enter(RelayState.Phase.RUNNING, null);

        seconds(3);
        assertThat(ended).hasValue(0); // the first check only reads the count
        seconds(1);

        assertThat(ended).hasValue(1);
    }

    @Test
    void oneTurnOfTheLoopRestartsTheCount() {
        state.enter(RelayState.Phase.RUNNING, null);
        for (int i = 0; i < 5; i++) {
            seconds(3);
            state.turned();
        }

        assertThat(ended).hasValue(0);
    }

    @Test
    void keepsAProcessWhoseRelayIsNotRunning() {
        state.enter(RelayState.Phase.STANDBY, "another replica is active");
        seconds(10);
        state.enter(RelayState.Phase.HALTED, "for a reason");
        seconds(10);

        assertThat(ended).hasValue(0);
    }

    /** For example after an Error. The only remedy is a new process, which Kubernetes starts. */
    @Test
    void endsAProcessWhoseRelayHasDied() {
        state.die("fatal");

        seconds(1);

        assertThat(ended).hasValue(1);
        assertThat(state.snapshot().phase()).isEqualTo(RelayState.Phase.HALTED);
    }

    @Test
    void keepsAHaltedRelayHaltedWhileItProbes() {
        state.enter(RelayState.Phase.HALTED, "for a reason");
        state.enter(RelayState.Phase.STARTING, null);
        assertThat(state.snapshot().phase()).isEqualTo(RelayState.Phase.HALTED);
        assertThat(state.snapshot().reason()).isEqualTo("for a reason");

        state.enter(RelayState.Phase.RUNNING, null);

        assertThat(state.snapshot().phase()).isEqualTo(RelayState.Phase.RUNNING);
    }
}
