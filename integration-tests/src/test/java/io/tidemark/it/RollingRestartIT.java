// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.Evidence;
import io.tidemark.it.guarantee.WatermarkEvidence;
import io.tidemark.it.harness.GroupProcess;
import io.tidemark.it.harness.Patience;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TokenReaders;
import io.tidemark.it.harness.Workload;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/**
 * A rolling update as Kubernetes does it with the chart's Deployment. A new replica is started and becomes ready. Then
 * an old one is removed from the Service and receives SIGTERM, until all are new. Under load, with readers that ask any
 * replica of the Service.
 */
class RollingRestartIT {

    private static final long SEED = 31;
    private static final int REPLICAS = 2;

    private final List<RelayProcess> service = new CopyOnWriteArrayList<>();
    private final List<RelayProcess> started = new CopyOnWriteArrayList<>();

    @Test
    void losesNothingAndLeavesNoReaderWithoutAnAnswer() throws Exception {
        try (TestSource source = TestSource.create("rolling");
                GroupProcess consumer = GroupProcess.start(source)) {
            try {
                for (int i = 0; i < REPLICAS; i++) {
                    roll(source);
                }
                TokenReaders readers = TokenReaders.start(source, service, SEED, 3, Patience.LIMIT);
                try (readers;
                        Workload workload = Workload.start(source, SEED, 3, 30)) {
                    for (int i = 0; i < REPLICAS; i++) {
                        RelayProcess old = service.get(0);
                        int answered = readers.successes().size();
                        roll(source);
                        stop(old);
                        await("answers by those who are left")
                                .until(() -> readers.successes().size() > answered + 10);
                    }
                }
                System.out.println("RollingRestartIT: " + readers.waits());
                assertThat(readers.unanswered()).isEmpty();
                assertThat(readers.unreachable()).isEmpty();
                Evidence evidence = Evidence.gather(source);
                evidence.check("a rolling restart");
                new WatermarkEvidence(
                                evidence.committed(), consumer.processedNanos(), readers.successes(), readers.repeats())
                        .check();
            } finally {
                started.forEach(RelayProcess::close);
            }
        }
    }

    /** Adds a replica to the Service once its readiness probe passes. */
    private void roll(TestSource source) {
        RelayProcess fresh = RelayProcess.start(source);
        started.add(fresh);
        await("ready, log " + fresh.log())
                .ignoreExceptionsInstanceOf(java.io.IOException.class)
                .until(() -> fresh.readiness().statusCode() == 200);
        service.add(fresh);
    }

    /** Removes a replica from the Service and sends SIGTERM immediately; the chart waits five seconds in between. */
    private void stop(RelayProcess old) {
        service.remove(old);
        old.requestStop();
        await("stopped, log " + old.log()).until(() -> !old.isAlive());
    }
}
