// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static io.tidemark.it.FaultSteps.awaitAnyPublishing;
import static io.tidemark.it.FaultSteps.awaitPublishing;
import static io.tidemark.it.FaultSteps.check;
import static io.tidemark.it.FaultSteps.load;
import static io.tidemark.it.FaultSteps.pair;
import static io.tidemark.it.FaultSteps.single;
import static io.tidemark.it.harness.TcpProxy.Direction.TO_CLIENT;
import static io.tidemark.it.harness.TcpProxy.Direction.TO_SERVER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.FaultyServers;
import io.tidemark.it.harness.FaultyWorld;
import io.tidemark.it.harness.TcpProxy;
import io.tidemark.it.harness.Workload;
import io.tidemark.quickstart.stack.ProcessPause;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Faults that last longer than the timeouts of the relay or its servers, and faults that need many attempts. */
@EnabledIfSystemProperty(named = "faults", matches = "true", disabledReason = "slow; run with -Pfaults")
class LongFaultsIT {

    /** The direction in which bytes are lost. */
    private enum Way {
        TO_THE_SERVER(TO_SERVER),
        TO_THE_RELAY(TO_CLIENT),
        BOTH(TO_SERVER, TO_CLIENT);

        private final TcpProxy.Direction[] directions;

        Way(TcpProxy.Direction... directions) {
            this.directions = directions;
        }

        void lose(TcpProxy link) {
            link.blackhole(directions);
        }
    }

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
        FaultSteps.report("LongFaultsIT", what, sinceNanos);
    }

    private static void awaitUnhealthy(FaultyWorld world, String fault) {
        long sinceNanos = System.nanoTime();
        await("the relay reports that it does not publish, log "
                        + world.relay(0).log())
                .until(() -> !world.relay(0).isHealthy());
        report("unhealthy with " + fault, sinceNanos);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void recoversFromASilentPostgres(Way way) throws Exception {
        try (FaultyWorld world = single(servers, "silentpg")) {
            try (Workload load = load(world)) {
                awaitPublishing(world, 0);
                way.lose(world.postgresLink(0));
                awaitUnhealthy(world, "Postgres silent, " + way);

                world.postgresLink(0).heal();

                long healedNanos = System.nanoTime();
                awaitPublishing(world, 0);
                report("publishing with Postgres back", healedNanos);
            }
            check(world, "Postgres silent, " + way);
        }
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void recoversFromASilentKafka(Way way) throws Exception {
        try (FaultyWorld world = single(servers, "silentkafka")) {
            try (Workload load = load(world)) {
                awaitPublishing(world, 0);
                world.kafkaLinks(0).forEach(way::lose);
                awaitUnhealthy(world, "Kafka silent, " + way);

                world.kafkaLinks(0).forEach(TcpProxy::heal);

                long healedNanos = System.nanoTime();
                awaitPublishing(world, 0);
                report("publishing with Kafka back", healedNanos);
            }
            check(world, "Kafka silent, " + way);
        }
    }

    /** The stream is dead while the session with the lock works: one of two connections was lost. */
    @Test
    void noticesASilentStreamBesideAWorkingSession() throws Exception {
        try (FaultyWorld world = single(servers, "silentstream")) {
            try (Workload load = load(world)) {
                awaitPublishing(world, 0);
                long walsender = Long.parseLong(world.source()
                        .query("select active_pid from pg_replication_slots where slot_name = '"
                                + world.source().name() + "'"));
                long pausedNanos = System.nanoTime();
                try (ProcessPause pause = ProcessPause.of(walsender)) {
                    awaitUnhealthy(world, "the stream silent");
                }
                awaitPublishing(world, 0);
                report("publishing again, counted from the stream's silence", pausedNanos);
            }
            check(world, "stream silent");
        }
    }

    /** Its machine still answers keepalives, so nothing ends its sessions. A standby must not take over. */
    @Test
    void doesNotReplaceAPausedRelayThatKeepsItsLock() throws Exception {
        try (FaultyWorld world = pair(servers, "pausedlock")) {
            try (Workload load = load(world)) {
                awaitPublishing(world, 0);
                world.relay(0).pause();
                TimeUnit.SECONDS.sleep(75); // longer than wal_sender_timeout

                assertThat(world.relay(1).state()).isEqualTo("standby");
                world.relay(0).resume();

                long resumedNanos = System.nanoTime();
                int publishing = awaitAnyPublishing(world, 0, 1); // the server had ended its stream meanwhile
                report("relay " + publishing + " publishing once relay 0 had woken up", resumedNanos);
            }
            check(world, "paused with its lock");
        }
    }

    @Test
    void publishesThroughSlowLinks() throws Exception {
        try (FaultyWorld world = single(servers, "slow")) {
            List.of(world.postgresLink(0), world.kafkaLinks(0).get(0)).forEach(link -> {
                link.delay(TO_SERVER, 150);
                link.delay(TO_CLIENT, 150);
            });
            try (Workload load = load(world)) {
                for (int i = 0; i < 10; i++) {
                    awaitPublishing(world, 0);
                }
            }
            check(world, "300 ms to every server and back");
        }
    }

    @Test
    void survivesConnectionsThatBreakInMidMessage() throws Exception {
        Random random = new Random(5);
        try (FaultyWorld world = single(servers, "cut")) {
            try (Workload load = load(world)) {
                for (int i = 0; i < 30; i++) {
                    TcpProxy link = random.nextBoolean()
                            ? world.postgresLink(0)
                            : world.kafkaLinks(0).get(0);
                    link.cutAfter(random.nextBoolean() ? TO_SERVER : TO_CLIENT, random.nextInt(20_000));
                    if (random.nextBoolean()) {
                        awaitPublishing(world, 0);
                    } else {
                        TimeUnit.MILLISECONDS.sleep(random.nextInt(1000));
                    }
                }
                world.servers().restore();
                awaitPublishing(world, 0);
            }
            check(world, "connections cut in mid-message");
        }
    }

    @Test
    void recoversFromASuspendedBroker() throws Exception {
        try (FaultyWorld world = single(servers, "pausedbroker")) {
            try (Workload load = load(world)) {
                awaitPublishing(world, 0);
                servers.kafka().broker(0).pause();
                awaitUnhealthy(world, "the broker paused");

                servers.kafka().broker(0).resume();

                long resumedNanos = System.nanoTime();
                awaitPublishing(world, 0);
                report("publishing with the broker awake", resumedNanos);
            }
            check(world, "broker paused");
        }
    }
}
