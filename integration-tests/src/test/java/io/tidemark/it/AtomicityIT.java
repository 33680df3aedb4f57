// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.tidemark.it.guarantee.Evidence;
import io.tidemark.it.guarantee.G6Atomic;
import io.tidemark.it.harness.BrokerLog;
import io.tidemark.it.harness.BrokerLog.StoredEvent;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.Workload;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Readers of committed events never see half of a Postgres transaction, even if the relay is killed repeatedly. */
class AtomicityIT {

    private static final int CUTS = 6;

    @Test
    void publishesAPostgresTransactionInOneKafkaTransaction() throws Exception {
        try (TestSource source = TestSource.create("atomic")) {
            try (Workload workload = Workload.start(source, 23, 3, 10)) {
                for (int cut = 0; cut < CUTS; cut++) {
                    RunningRelay relay = RunningRelay.startAndAwait(source.configuration());
                    TimeUnit.MILLISECONDS.sleep(400);
                    relay.cutOff();
                }
            }
            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
                Evidence evidence = Evidence.gather(source);
                evidence.check(relay.state().toString());
                List<StoredEvent> stored = BrokerLog.find(evidence.read());
                assumeThat(stored).as("a broker with readable files").isNotEmpty();

                assertThat(stored).hasSameSizeAs(evidence.read());
                assertThat(stored.stream().map(StoredEvent::kafkaTransaction).distinct())
                        .as("Kafka transactions that can be distinguished")
                        .hasSizeGreaterThan(CUTS);
                new G6Atomic().check(stored);
            }
        }
    }
}
