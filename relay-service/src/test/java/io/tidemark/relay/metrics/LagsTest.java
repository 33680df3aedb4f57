// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.health.RelayState.Phase;
import io.tidemark.relay.metrics.Lags.Inputs;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LagsTest {

    private final Lags lags = new Lags();

    private static Inputs inputs(Phase phase, boolean isStreamed, long received, long captured, long published) {
        return new Inputs(phase, isStreamed, new Lsn(received), new Lsn(captured), new Lsn(published));
    }

    private static long at(long seconds) {
        return TimeUnit.SECONDS.toNanos(seconds);
    }

    private void see(Inputs inputs, long walHead, long seconds) {
        lags.see(new Lsn(walHead), inputs, at(seconds));
    }

    @Test
    void areKnownOnTheActiveReplica() {
        Inputs slow = inputs(Phase.RUNNING, true, 200, 150, 100);
        see(slow, 100, 1);
        see(slow, 200, 2);
        see(slow, 300, 3);

        assertThat(lags.captureSeconds(slow, at(10))).hasValue(7);
        assertThat(lags.publishSeconds(slow, at(10))).hasValue(8);
    }

    @Test
    void areZeroOnAnIdleDatabaseOnceTheStreamReachedItsEnd() {
        Inputs idle = inputs(Phase.RUNNING, true, 300, 100, 100);
        see(idle, 300, 1);

        assertThat(lags.captureSeconds(idle, at(10))).hasValue(0);
        assertThat(lags.publishSeconds(idle, at(10))).hasValue(0);
    }

    @Test
    void areUnknownOnAStandbyAndOnAReplicaThatCannotStart() {
        for (Phase phase : new Phase[] {Phase.STANDBY, Phase.RETRYING, Phase.HALTED}) {
            Inputs beside = inputs(phase, true, 0, 0, 100);
            see(beside, 200, 1);
            see(beside, 300, 2);

            assertThat(lags.captureSeconds(beside, at(10))).isEmpty();
            assertThat(lags.publishSeconds(beside, at(10))).isEmpty();
        }
    }

    @Test
    void keepGrowingWhenNoReplicaPublishes() {
        Inputs halted = inputs(Phase.HALTED, false, 150, 150, 100);
        see(halted, 100, 1);
        see(halted, 200, 2);
        see(halted, 300, 3);

        assertThat(lags.publishSeconds(halted, at(100))).hasValue(98);
        assertThat(lags.captureSeconds(halted, at(100))).isEmpty();
    }

    @Test
    void startAgainWhenAStandbyTakesOver() {
        Inputs standby = inputs(Phase.STANDBY, true, 0, 0, 100);
        see(standby, 200, 1);
        see(standby, 300, 50);
        Inputs active = inputs(Phase.RUNNING, true, 0, 0, 100);

        assertThat(lags.publishSeconds(active, at(60))).hasValue(10);
    }
}
