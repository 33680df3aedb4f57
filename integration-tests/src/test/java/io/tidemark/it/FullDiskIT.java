// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.Evidence;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.SmallDisk;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.relay.health.RelayState;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A transaction that does not fit on the spill disk stops publishing only until there is space. */
class FullDiskIT {

    private static final int EVENTS = 20_000;
    private static final int PAYLOAD_BYTES = 200;

    @Test
    void waitsForSpaceAndThenPublishesTheWholeTransaction(@TempDir Path parent) throws Exception {
        try (SmallDisk disk = SmallDisk.mount(parent, 1);
                TestSource source = TestSource.create("fulldisk")) {
            publish(source, 1);
            publish(source, EVENTS);
            waitForRoom(source, disk);
        }
    }

    private static void waitForRoom(TestSource source, SmallDisk disk) throws Exception {
        String limits = "limits: {transactionBytes: 256KiB, spillDirectory: " + disk.path() + "}";
        try (RunningRelay relay = RunningRelay.start(source.configuration(limits))) {
            RelayState.Snapshot waiting = relay.awaitPhase(RelayState.Phase.RETRYING);
            assertThat(waiting.reason())
                    .startsWith("cannot keep a large transaction in " + disk.path() + " (No space left");
            await("what was committed before it is readable")
                    .until(() -> TopicReader.readAll(source.servers(), source.name() + ".")
                                    .size()
                            == 1);

            disk.resize(64);

            Evidence evidence = Evidence.gather(source);
            evidence.check("the disk was full");
            assertThat(evidence.committed()).hasSize(1 + EVENTS);
            relay.awaitPhase(RelayState.Phase.RUNNING);
            assertThat(disk.path()).isEmptyDirectory();
        }
    }

    private static void publish(TestSource source, int events) throws Exception {
        source.execute("with events as (insert into outbox.event (aggregate_type, aggregate_id, event_type, payload)"
                + " select 'order', 'agg-' || n % 20, 'bulk', repeat('x', " + PAYLOAD_BYTES
                + ") from generate_series(1, " + events
                + ") n returning id, aggregate_id) insert into audit.entry (event_id, aggregate_id)"
                + " select id, aggregate_id from events");
    }
}
