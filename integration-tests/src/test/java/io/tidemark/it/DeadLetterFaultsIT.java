// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.DeadLetterEvidence;
import io.tidemark.it.harness.PoisonSource;
import io.tidemark.it.harness.PoisonSource.Row;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.quickstart.stack.ChildJvm;
import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.relay.cli.TidemarkCli;
import io.tidemark.relay.failpoint.Failpoint;
import io.tidemark.relay.health.RelayState.Phase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The relay is stopped while it writes dead letters. Every event is still in exactly one place, once. */
@EnabledIfSystemProperty(named = "faults", matches = "true", disabledReason = "slow; run with -Pfaults")
class DeadLetterFaultsIT {

    private static final long SEED = Long.getLong("faults.seed", System.nanoTime() & 0xFFFFFF);
    private static final String LIMITS = "limits: {transactionBytes: 128KiB, batchEvents: 200}";

    @AfterEach
    void disarm() {
        Failpoint.arm("");
    }

    /** Commits transactions of every size, including poison, until closed. */
    private static final class Writer implements AutoCloseable {

        private final ExecutorService thread = Executors.newSingleThreadExecutor();
        private final Future<?> running;
        private volatile boolean stopping;

        Writer(PoisonSource source, Random random) {
            running = thread.submit(() -> {
                while (!stopping) {
                    int count = random.nextInt(30) == 0 ? 600 : 1 + random.nextInt(20);
                    List<Row> rows = new ArrayList<>();
                    for (int i = 0; i < count; i++) {
                        rows.add(Row.any(random));
                    }
                    source.commit(rows);
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(40));
                }
                return null;
            });
        }

        @Override
        public void close() throws Exception {
            stopping = true;
            thread.shutdown();
            running.get(60, TimeUnit.SECONDS);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Failpoint.class,
            names = {"MID_SEND", "AFTER_SEND", "BEFORE_COMMIT", "AFTER_REFUSAL", "AFTER_COMMIT", "BETWEEN_PARTS"})
    void survivesAFailureInTheMiddle(Failpoint failpoint) throws Exception {
        Random random = new Random(SEED);
        try (PoisonSource source = PoisonSource.create("deadfail")) {
            try (Writer writer = new Writer(source, random)) {
                for (int i = 0; i < 3; i++) {
                    Failpoint.arm(failpoint.label() + "=fail:100@" + (1 + random.nextInt(8)));
                    try (RunningRelay relay = RunningRelay.start(source.configuration("dead-letter", LIMITS))) {
                        await("failure at " + failpoint)
                                .pollInterval(Duration.ofMillis(10))
                                .until(() -> String.valueOf(relay.state().reason())
                                        .contains("failpoint " + failpoint.label()));
                        Failpoint.arm("");
                    }
                }
                writer.close();
            }
            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration("dead-letter", LIMITS))) {
                DeadLetterEvidence.gather(source)
                        .check(source.poison(), "-Dfaults.seed=" + SEED + ", " + relay.state());
            }
        }
    }

    @Test
    void survivesInterruptions() throws Exception {
        Random random = new Random(SEED);
        try (PoisonSource source = PoisonSource.create("deadcut")) {
            try (Writer writer = new Writer(source, random)) {
                for (int i = 0; i < 8; i++) {
                    RunningRelay relay = RunningRelay.start(source.configuration("dead-letter", LIMITS));
                    relay.awaitPhase(Phase.RUNNING);
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(600));
                    relay.cutOff();
                }
                writer.close();
            }
            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration("dead-letter", LIMITS))) {
                DeadLetterEvidence.gather(source)
                        .check(source.poison(), "-Dfaults.seed=" + SEED + ", " + relay.state());
            }
        }
    }

    @Test
    void survivesKillsOfTheProcess() throws Exception {
        Random random = new Random(SEED);
        try (PoisonSource source = PoisonSource.create("deadkill")) {
            try (Writer writer = new Writer(source, random)) {
                for (int i = 0; i < 4; i++) {
                    try (ChildJvm relay = startProcess(source)) {
                        TimeUnit.MILLISECONDS.sleep(random.nextInt(1500));
                        relay.kill();
                    }
                }
                writer.close();
            }
            try (ChildJvm relay = startProcess(source)) {
                DeadLetterEvidence.gather(source).check(source.poison(), "-Dfaults.seed=" + SEED + ", " + relay.log());
            }
        }
    }

    /** Returns when the relay streams. */
    private static ChildJvm startProcess(PoisonSource source) {
        String server = "server: {applicationConnectors: [{type: http, bindHost: 127.0.0.1, port: " + FreePorts.next()
                + "}], adminConnectors: [{type: http, bindHost: 127.0.0.1, port: " + FreePorts.next()
                + "}], requestLog: {appenders: []}}";
        ChildJvm relay = ChildJvm.start(
                "relay",
                TidemarkCli.class.getName(),
                List.of("run", source.configFile("dead-letter", LIMITS, server).toString()),
                List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                source.source().dir().resolve("relay-" + System.nanoTime() + ".log"));
        await("relay running, log " + relay.log())
                .pollInterval(Duration.ofMillis(50))
                .until(() -> relay.output().contains("state=running"));
        return relay;
    }
}
