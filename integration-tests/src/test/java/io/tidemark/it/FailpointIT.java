// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.Evidence;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.Workload;
import io.tidemark.relay.failpoint.Failpoint;
import io.tidemark.relay.health.RelayState;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A relay fails once at every failpoint, under three kinds of load. No event is lost, repeated, reordered or invented.
 */
class FailpointIT {

    private static final long SEED = Long.getLong("faults.seed", System.nanoTime() & 0xFFFFFF);

    /** Reached once in a run, before the first event. */
    private static final Set<Failpoint> AT_START = EnumSet.of(
            Failpoint.AFTER_LOCK, Failpoint.AFTER_INIT, Failpoint.AFTER_POSITION_READ, Failpoint.AFTER_ENGINE_START);

    /** Long enough for earlier steps to take effect outside the process, also those that should not. */
    private static final int LINGER_MILLIS = 250;

    @AfterEach
    void disarm() {
        Failpoint.arm("");
    }

    @ParameterizedTest
    @EnumSource(Workload.Shape.class)
    void survivesAFailureAtEveryFailpoint(Workload.Shape shape) throws Exception {
        Random random = new Random(SEED);
        try (TestSource source = TestSource.create("failpoint")) {
            String limits = "limits: {transactionBytes: 128KiB, batchEvents: 500}";
            try (Workload workload = Workload.start(source, shape, SEED, 3, 20)) {
                for (Failpoint failpoint : Failpoint.values()) {
                    if (failpoint == Failpoint.BETWEEN_PARTS && shape == Workload.Shape.SINGLE_ROWS) {
                        continue; // nothing is split
                    }
                    if (failpoint == Failpoint.AFTER_REFUSAL || failpoint == Failpoint.AFTER_SLOT_MADE) {
                        continue; // no event is refused, and no slot is created; see DeadLettersIT and ExistingRowsIT
                    }
                    int turn = AT_START.contains(failpoint) || failpoint == Failpoint.BEFORE_RELEASE
                            ? 1
                            : 1 + random.nextInt(6);
                    Failpoint.arm(failpoint.label() + "=fail:" + LINGER_MILLIS + "@" + turn);
                    failOnce(RunningRelay.start(source.configuration(limits)), failpoint, random);
                }
            }
            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration(limits))) {
                Evidence.gather(source).check("-Dfaults.seed=" + SEED + ", " + shape + ", " + relay.state());
            }
        }
    }

    private static void failOnce(RunningRelay relay, Failpoint failpoint, Random random) throws Exception {
        if (failpoint == Failpoint.BEFORE_RELEASE) {
            relay.awaitPhase(RelayState.Phase.RUNNING);
            relay.close();
            return;
        }
        await("failure at " + failpoint)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> String.valueOf(relay.state().reason()).contains("failpoint " + failpoint.label()));
        Failpoint.arm("");
        if (random.nextBoolean()) {
            relay.cutOff();
        } else {
            relay.close();
        }
    }
}
