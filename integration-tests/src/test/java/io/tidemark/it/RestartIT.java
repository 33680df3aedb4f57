package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.guarantee.Evidence;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.Workload;
import io.tidemark.relay.health.RelayState;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * The relay is stopped at random moments, in every way, while every shape of transaction is being committed; nothing is
 * lost, repeated, reordered or made up. A few dozen stops here; thousands by the command in CONTRIBUTING.md.
 */
class RestartIT {

    private static final int STOPS = Integer.getInteger("restart.stops", 40);
    private static final int KILLS = Integer.getInteger("restart.kills", 5);

    private static long seed() {
        String given = System.getProperty("restart.seed", "");
        return given.isEmpty() ? System.nanoTime() & 0xFFFFFF : Long.parseLong(given);
    }

    @Test
    void survivesStopsInProcess() throws Exception {
        long seed = seed();
        Random random = new Random(seed);
        int[] kinds = new int[3];
        try (TestSource source = TestSource.create("restart")) {
            try (Workload workload = Workload.start(source, seed, 3, 20)) {
                for (int stop = 0; stop < STOPS; stop++) {
                    RunningRelay relay = RunningRelay.start(source.configuration());
                    if (random.nextInt(5) > 0) { // the others are stopped while starting
                        relay.awaitPhase(RelayState.Phase.RUNNING);
                    }
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(500));
                    int kind = random.nextInt(kinds.length);
                    kinds[kind]++;
                    switch (kind) {
                        case 0 -> relay.close();
                        case 1 -> relay.cutOff();
                        default -> {
                            source.execute("select pg_terminate_backend(active_pid) from pg_replication_slots"
                                    + " where slot_name = '" + source.name() + "' and active");
                            TimeUnit.MILLISECONDS.sleep(random.nextInt(100));
                            relay.cutOff();
                        }
                    }
                }
            }
            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
                Evidence evidence = Evidence.gather(source);
                assertThat(source.confirmed()).isLessThanOrEqualTo(relay.state().published());
                evidence.check("-Drestart.seed=" + seed);
                System.out.printf(
                        "RestartIT: seed=%d stops=%d (close %d, cut off %d, walsender ended %d) events=%d violations=0%n",
                        seed,
                        STOPS,
                        kinds[0],
                        kinds[1],
                        kinds[2],
                        evidence.committed().size());
            }
        }
    }

    @Test
    void survivesKillsOfTheProcess() throws Exception {
        long seed = seed();
        Random random = new Random(seed);
        try (TestSource source = TestSource.create("kill")) {
            try (Workload workload = Workload.start(source, seed, 3, 20)) {
                for (int kill = 0; kill < KILLS; kill++) {
                    try (RelayProcess relay = RelayProcess.start(source)) {
                        relay.awaitRunning();
                        TimeUnit.MILLISECONDS.sleep(random.nextInt(1500));
                        relay.kill();
                    }
                }
            }
            try (RelayProcess relay = RelayProcess.start(source).awaitRunning()) {
                Evidence evidence = Evidence.gather(source);
                evidence.check("-Drestart.seed=" + seed);
                System.out.printf(
                        "RestartIT: seed=%d kills=%d events=%d violations=0%n",
                        seed, KILLS, evidence.committed().size());
            }
        }
    }
}
