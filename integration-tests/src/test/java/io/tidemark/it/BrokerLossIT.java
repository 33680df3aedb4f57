// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static io.tidemark.it.FaultSteps.awaitPublishing;
import static io.tidemark.it.FaultSteps.check;
import static io.tidemark.it.FaultSteps.load;
import static io.tidemark.it.FaultSteps.single;

import io.tidemark.it.harness.FaultyServers;
import io.tidemark.it.harness.FaultyWorld;
import io.tidemark.it.harness.Workload;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Three brokers, of which one after another is down: publishing continues without it. */
@EnabledIfSystemProperty(named = "faults", matches = "true", disabledReason = "slow; run with -Pfaults")
class BrokerLossIT {

    private static FaultyServers servers;

    @BeforeAll
    static void startServers() throws Exception {
        servers = FaultyServers.start(3, 1);
    }

    @AfterAll
    static void stopServers() {
        servers.close();
    }

    private static void report(String what, long sinceNanos) {
        FaultSteps.report("BrokerLossIT", what, sinceNanos);
    }

    @Test
    void publishesWithoutAKilledBroker() throws Exception {
        try (FaultyWorld world = single(servers, "brokerkilled")) {
            try (Workload load = load(world)) {
                awaitPublishing(world, 0);
                for (int broker = 0; broker < 3; broker++) {
                    servers.kafka().broker(broker).kill();
                    long killedNanos = System.nanoTime();
                    awaitPublishing(world, 0);
                    report("publishing without broker " + broker, killedNanos);
                    servers.kafka().broker(broker).restart();
                    awaitPublishing(world, 0);
                    report("publishing with it back", killedNanos);
                }
            }
            check(world, "each broker killed once");
        }
    }

    @Test
    void publishesWithoutAPausedBroker() throws Exception {
        try (FaultyWorld world = single(servers, "brokerpaused")) {
            try (Workload load = load(world)) {
                awaitPublishing(world, 0);
                for (int broker = 0; broker < 3; broker++) {
                    servers.kafka().broker(broker).pause();
                    long pausedNanos = System.nanoTime();
                    awaitPublishing(world, 0);
                    report("publishing while broker " + broker + " stands still", pausedNanos);
                    servers.kafka().broker(broker).resume();
                    awaitPublishing(world, 0);
                }
            }
            check(world, "each broker paused once");
        }
    }
}
