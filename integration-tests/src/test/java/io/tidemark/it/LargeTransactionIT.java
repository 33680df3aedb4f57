// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.Evidence;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.EventHeaders;
import io.tidemark.relay.failpoint.Failpoint;
import io.tidemark.relay.health.RelayState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A transaction over the limit is published through a file and several Kafka transactions, exactly once. */
class LargeTransactionIT {

    private static final int EVENTS = 20_000;

    @AfterEach
    void disarm() {
        Failpoint.arm("");
    }

    private static String limits(Path spill) {
        return "limits: {transactionBytes: 256KiB, batchEvents: 500, spillDirectory: " + spill + "}";
    }

    private static void writeLarge(TestSource source) throws Exception {
        source.execute("with events as (insert into outbox.event (aggregate_type, aggregate_id, event_type, payload)"
                + " select 'order', 'agg-' || n % 20, 'bulk', 'payload ' || n from generate_series(1, " + EVENTS
                + ") n returning id, aggregate_id, payload) insert into audit.entry (event_id, aggregate_id)"
                + " select id, aggregate_id from events");
    }

    @Test
    void isSplitAndMarkedByAHeader(@TempDir Path spill) throws Exception {
        try (TestSource source = TestSource.create("large");
                RunningRelay relay = RunningRelay.startAndAwait(source.configuration(limits(spill)))) {
            source.execute("insert into audit.entry (event_id, aggregate_id)"
                    + " select outbox.publish('order', 'agg-1', 't', 'small'), 'agg-1'");
            writeLarge(source);

            Evidence evidence = Evidence.gather(source);

            evidence.check("large transaction, " + relay.state());
            List<ReadEvent> bulk = evidence.read().stream()
                    .filter(event -> event.header(EventHeaders.TYPE).equals("bulk"))
                    .toList();
            assertThat(bulk).allSatisfy(event -> {
                String[] split = event.header(EventHeaders.SPLIT).split("[-/]", -1);
                assertThat(event.position().ordinal())
                        .isBetween(Integer.parseInt(split[0]), Integer.parseInt(split[1]));
                assertThat(split[2]).isEqualTo(Integer.toString(EVENTS));
            });
            assertThat(bulk.stream()
                            .map(event -> event.header(EventHeaders.SPLIT))
                            .distinct())
                    .hasSizeGreaterThan(10);
            assertThat(evidence.read().stream()
                            .filter(event -> event.header(EventHeaders.TYPE).equals("t")))
                    .allSatisfy(event -> assertThat(event.headers()).doesNotContainKey(EventHeaders.SPLIT));
            try (Stream<Path> left = Files.list(spill)) {
                assertThat(left).as("remaining spill files").isEmpty();
            }
        }
    }

    private static int readable(TestSource source) {
        return TopicReader.readAll(source.servers(), source.name() + ".").size();
    }

    @Test
    void survivesStopsInTheMiddle(@TempDir Path spill) throws Exception {
        Random random = new Random(3);
        int interrupted = 0;
        try (TestSource source = TestSource.create("largestop")) {
            for (int round = 0; round < 2; round++) {
                writeLarge(source);
                for (int stop = 0; stop < 2; stop++) {
                    int before = readable(source);
                    Failpoint.arm("between-parts=pause:20000@" + (1 + random.nextInt(3)));
                    RunningRelay relay = RunningRelay.start(source.configuration(limits(spill)));
                    await("a part").until(() -> readable(source) > before);
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(400));
                    relay.cutOff();
                    Failpoint.arm("");
                    int after = readable(source);
                    if (after > before && after % EVENTS != 0) {
                        interrupted++;
                    }
                }
            }
            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration(limits(spill)))) {
                Evidence.gather(source).check("stopped inside large transactions, " + relay.state());
            }
            assertThat(interrupted)
                    .as("stops that fell inside a split transaction")
                    .isEqualTo(4);
        }
    }

    @Test
    void reportsWhereItCannotSpillAndContinuesOnceItCan(@TempDir Path dir) throws Exception {
        Path spill = dir.resolve("not-there-yet");
        try (TestSource source = TestSource.create("nospill");
                RunningRelay relay = RunningRelay.startAndAwait(source.configuration(limits(spill)))) {
            writeLarge(source);

            assertThat(relay.awaitPhase(RelayState.Phase.RETRYING).reason())
                    .contains(spill.toString(), "limits.spillDirectory");
            assertThat(TopicReader.readAll(source.servers(), source.name() + "."))
                    .isEmpty();
            Files.createDirectory(spill);

            Evidence.gather(source).check("with a directory to spill to, " + relay.state());
        }
    }
}
