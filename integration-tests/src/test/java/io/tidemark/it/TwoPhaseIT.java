// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.guarantee.Evidence;
import io.tidemark.it.harness.OpenWrites;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.Servers;
import io.tidemark.it.harness.TestSource;
import io.tidemark.quickstart.stack.Directories;
import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.quickstart.stack.PostgresServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Prepared transactions: their events are published after COMMIT PREPARED, at its commit record, and not after ROLLBACK
 * PREPARED. On a separate Postgres, because prepared transactions are off by default.
 */
@EnabledIfSystemProperty(named = "faults", matches = "true", disabledReason = "slow; run with -Pfaults")
class TwoPhaseIT {

    private static final int PORT = FreePorts.next();

    private Path dir;
    private PostgresServer postgres;
    private TestSource source;

    @BeforeEach
    void start() throws Exception {
        Path parent = Path.of(System.getProperty("servers.dir"));
        Files.createDirectories(parent);
        dir = Files.createTempDirectory(parent, "two-phase-");
        postgres = startPostgres();
        source = TestSource.create("twophase", Servers.with(postgres));
    }

    @AfterEach
    void stop() {
        postgres.close();
        Directories.delete(dir);
    }

    private PostgresServer startPostgres() {
        return PostgresServer.start(dir, PORT, Map.of("max_prepared_transactions", "20"));
    }

    private void prepare(String name, int events) throws Exception {
        try (OpenWrites writes = OpenWrites.begin(source)) {
            writes.events(name, events)
                    .execute("savepoint s")
                    .event("gone")
                    .execute("rollback to s")
                    .event("shared")
                    .prepare(name);
        }
    }

    private void commitPrepared(String name) throws Exception {
        source.execute("commit prepared '" + name + "'");
    }

    private void check(RunningRelay relay, String aggregateWithoutEvents) throws Exception {
        Evidence evidence = Evidence.gather(source);
        evidence.check(relay.state().toString());
        assertThat(evidence.committed()).isNotEmpty();
        assertThat(evidence.read()).noneMatch(event -> event.key().equals(aggregateWithoutEvents));
    }

    @Test
    void publishesAtCommitPreparedAndNotAfterRollback() throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            prepare("first", 3);
            prepare("never", 3);
            OpenWrites.commitOne(source, "shared");
            prepare("second", 3);
            commitPrepared("second");
            OpenWrites.commitOne(source, "shared");
            source.execute("rollback prepared 'never'");
            commitPrepared("first");
            OpenWrites.commitOne(source, "shared");

            check(relay, "never");
        }
    }

    @Test
    void survivesRestartsOfRelayAndServer() throws Exception {
        prepare("before the first start", 2);
        prepare("committed while it is away", 2);
        prepare("committed after the crash", 2);
        prepare("never", 2);
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            OpenWrites.commitOne(source, "shared");
            prepare("prepared under it", 2);
            Evidence.gather(source).check("nothing is committed but what is");
            commitPrepared("before the first start");
            relay.cutOff();
        }
        commitPrepared("committed while it is away");
        OpenWrites.commitOne(source, "shared");
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            commitPrepared("prepared under it");
            Evidence.gather(source).check("before the crash");

            postgres.killNow();
            postgres = startPostgres();
            OpenWrites.commitOne(source, "shared");
            commitPrepared("committed after the crash");
            source.execute("rollback prepared 'never'");

            check(relay, "never");
        }
    }

    @Test
    void keepsCommitOrderInAnyInterleaving() throws Exception {
        Random random = new Random(20261120);
        List<String> prepared = new ArrayList<>();
        for (int round = 0; round < 6; round++) {
            RunningRelay relay = RunningRelay.startAndAwait(source.configuration());
            for (int i = 0; i < 15; i++) {
                String name = "tx-" + round + "-" + i;
                prepare(name, 1 + random.nextInt(3));
                prepared.add(name);
                Collections.shuffle(prepared, random);
                while (prepared.size() > random.nextInt(15)) {
                    String ended = prepared.remove(0);
                    source.execute((random.nextInt(4) == 0 ? "rollback" : "commit") + " prepared '" + ended + "'");
                }
                OpenWrites.commitOne(source, "shared");
            }
            relay.cutOff();
        }
        for (String name : prepared) {
            commitPrepared(name);
        }
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            check(relay, "gone");
        }
    }
}
