// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static io.tidemark.it.FaultSteps.assertOneAfterTheOther;
import static io.tidemark.it.FaultSteps.awaitPublishing;
import static io.tidemark.it.FaultSteps.check;
import static io.tidemark.it.FaultSteps.endLockSession;
import static io.tidemark.it.FaultSteps.load;
import static io.tidemark.it.FaultSteps.pair;
import static io.tidemark.it.harness.TcpProxy.Direction.TO_CLIENT;
import static io.tidemark.it.harness.TcpProxy.Direction.TO_SERVER;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.FaultyServers;
import io.tidemark.it.harness.FaultyWorld;
import io.tidemark.it.harness.Workload;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * One fault at a time, on real processes, while transactions of every shape are committed. Publishing continues, and no
 * event is lost, repeated, reordered or invented. Times are printed; no time decides a test.
 */
@EnabledIfSystemProperty(named = "faults", matches = "true", disabledReason = "slow; run with -Pfaults")
class FaultsIT {

    private static FaultyServers servers;

    @BeforeAll
    static void startServers() throws Exception {
        servers = FaultyServers.start(1, 2);
    }

    @AfterAll
    static void stopServers() {
        servers.close();
    }

    private static void report(String what, long sinceNanos) {
        FaultSteps.report("FaultsIT", what, sinceNanos);
    }

    @Test
    void replacedRelayPublishesNothingAfterItWakesUp() throws Exception {
        try (FaultyWorld world = pair(servers, "zombie")) {
            try (Workload load = load(world)) {
                awaitPublishing(world, 0);
                world.relay(0).pause();
                endLockSession(world.source());
                long endedNanos = System.nanoTime();
                world.relay(1).awaitRunning();
                awaitPublishing(world, 1);
                report("took over from a paused relay whose session was ended", endedNanos);

                world.relay(0).resume();

                long wokenNanos = System.nanoTime();
                world.relay(0).awaitState("standby");
                report("the relay that woke up is a standby", wokenNanos);
                awaitPublishing(world, 1);
            }
            check(world, "paused and replaced");
            assertOneAfterTheOther(world, world.relay(0), world.relay(1));
        }
    }

    @Test
    void standbyTakesOverFromAKilledRelay() throws Exception {
        try (FaultyWorld world = pair(servers, "killed")) {
            try (Workload load = load(world)) {
                awaitPublishing(world, 0);
                world.relay(0).kill();
                long killedNanos = System.nanoTime();
                world.relay(1).awaitRunning();
                report("running after the active relay was killed", killedNanos);
                awaitPublishing(world, 1);
                report("publishing after the active relay was killed", killedNanos);
            }
            check(world, "killed");
            assertOneAfterTheOther(world, world.relay(0), world.relay(1));
        }
    }

    @Test
    void standbyTakesOverFromAStoppedRelay() throws Exception {
        try (FaultyWorld world = pair(servers, "handover")) {
            try (Workload load = load(world)) {
                awaitPublishing(world, 0);
                world.relay(0).requestStop();
                long stoppedNanos = System.nanoTime();
                world.relay(1).awaitRunning();
                report("running after SIGTERM of the active relay", stoppedNanos);
                awaitPublishing(world, 1);
                report("publishing after SIGTERM of the active relay", stoppedNanos);
            }
            check(world, "SIGTERM");
            assertOneAfterTheOther(world, world.relay(0), world.relay(1));
        }
    }

    @Test
    @EnabledIfSystemProperty(named = "faults", matches = "true", disabledReason = "slow; run with -Pfaults")
    void publishesAgainAfterKafkaWasUnreachable() throws Exception {
        try (FaultyWorld world = FaultyWorld.on(servers, "kafkaaway")) {
            world.startRelay(0).awaitRunning();
            try (Workload load = load(world)) {
                awaitPublishing(world, 0);
                world.kafkaLinks(0).forEach(link -> link.blackhole(TO_SERVER, TO_CLIENT));
                TimeUnit.SECONDS.sleep(5);
                long healedNanos = System.nanoTime();
                world.kafkaLinks(0).forEach(link -> link.heal());
                awaitPublishing(world, 0);
                report("publishing after 5 s without Kafka", healedNanos);
            }
            check(world, "no way to Kafka");
        }
    }

    @Test
    @EnabledIfSystemProperty(named = "faults", matches = "true", disabledReason = "slow; run with -Pfaults")
    void standbyTakesOverFromARelayWithoutPostgres() throws Exception {
        try (FaultyWorld world = pair(servers, "pgaway")) {
            try (Workload load = load(world)) {
                awaitPublishing(world, 0);
                world.postgresLink(0).blackhole(TO_SERVER, TO_CLIENT);
                world.postgresLink(0).resetServerSide(); // the server's keepalives end the session within 11 s
                long cutNanos = System.nanoTime();
                world.relay(1).awaitRunning();
                awaitPublishing(world, 1);
                report("publishing after the server gave up the active relay's sessions", cutNanos);
                await("the disconnected relay reports it")
                        .until(() -> !world.relay(0).isHealthy());
                report("unhealthy after it was cut off", cutNanos);

                world.postgresLink(0).heal();

                long healedNanos = System.nanoTime();
                world.relay(0).awaitState("standby");
                report("a standby after it was reconnected", healedNanos);
            }
            check(world, "cut off from Postgres");
            assertOneAfterTheOther(world, world.relay(0), world.relay(1));
        }
    }

    @Test
    void publishesAgainAfterTheBrokerWasKilled() throws Exception {
        try (FaultyWorld world = FaultyWorld.on(servers, "broker")) {
            world.startRelay(0).awaitRunning();
            try (Workload load = load(world)) {
                awaitPublishing(world, 0);
                servers.kafka().broker(0).kill();
                servers.kafka().broker(0).restart();
                long restartedNanos = System.nanoTime();
                awaitPublishing(world, 0);
                report("publishing after the broker was restarted", restartedNanos);
            }
            check(world, "broker killed");
        }
    }

    @Test
    void publishesAgainAfterPostgresWasKilled() throws Exception {
        try (FaultyWorld world = FaultyWorld.on(servers, "postgres")) {
            world.startRelay(0).awaitRunning();
            try (Workload load = load(world)) {
                awaitPublishing(world, 0);
                servers.postgres().killNow();
                servers.restartPostgres();
                long restartedNanos = System.nanoTime();
                awaitPublishing(world, 0);
                report("publishing after Postgres was restarted", restartedNanos);
            }
            check(world, "Postgres killed");
        }
    }
}
