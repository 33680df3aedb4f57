// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.G6Atomic;
import io.tidemark.it.guarantee.L1Recovers;
import io.tidemark.it.guarantee.L1Recovers.Recovery;
import io.tidemark.it.guarantee.L3HealthTellsTheTruth;
import io.tidemark.it.harness.BrokerLog;
import io.tidemark.it.harness.FaultyServers;
import io.tidemark.it.harness.FaultyWorld;
import io.tidemark.it.harness.GroupProcess;
import io.tidemark.it.harness.HealthWatch;
import io.tidemark.it.harness.Patience;
import io.tidemark.it.harness.RandomFault;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TokenReaders;
import io.tidemark.it.harness.Workload;
import io.tidemark.it.upheaval.Aftermath;
import io.tidemark.it.upheaval.Operator;
import io.tidemark.it.upheaval.Upheaval;
import io.tidemark.it.upheaval.Upheavals;
import io.tidemark.outbox.Lsn;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * Two relays and a consumer as processes, and readers with tokens, under random faults, from which they recover, and
 * upheavals, which a person repairs. After each round, every guarantee is checked, and the audit is clean. Runs a short
 * round with the same faults each time, or for hours with others, {@code -Dfaults.minutes=60}. {@code -Dfaults.seed=N}
 * repeats a round, except for the scheduling of threads.
 */
class RandomFaultsIT {

    private static final long MINUTES = Long.getLong("faults.minutes", 0);
    private static final int FAULTS_A_ROUND = Integer.getInteger("faults.round", 6);
    /** The seed of a build's round, whose faults must not differ between two builds of one commit. */
    private static final long SHORT_ROUND = 5;

    /** One in this number of faults is an upheaval. They take long, so a short round has few. */
    private static final int UPHEAVALS = Integer.getInteger("faults.upheavals", MINUTES > 0 ? 3 : 6);
    /** Number of readers, each of which waits with its own token. */
    private static final int READERS = Integer.getInteger("faults.readers", 12);

    private static final String LIMITS = "limits: {transactionBytes: 256KiB, batchEvents: 1000}";
    /** {@code -Dfaults.only=BROKER_KILLED} strikes with one kind. */
    private static final List<RandomFault> KINDS = Arrays.stream(RandomFault.values())
            .filter(fault -> System.getProperty("faults.only", fault.name()).equals(fault.name()))
            .toList();
    /** Maximum wait of a reader with one token; a fault may last longer. */
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    /** Number of rounds on the same servers. The next servers have one broker or three, alternately. */
    private static final int ROUNDS_ON_SERVERS = 5;

    private final Map<String, List<Long>> recoveryMillis = new TreeMap<>();
    private long events;
    private long successes;
    private long withoutToken;
    private long repeats;
    private long replays;

    @Test
    void nothingIsLostRepeatedReorderedOrAnsweredTooEarly() throws Exception {
        long seed = Long.getLong("faults.seed", MINUTES > 0 ? System.nanoTime() & 0xFFFFFF : SHORT_ROUND);
        long endNanos = System.nanoTime() + TimeUnit.MINUTES.toNanos(MINUTES);
        int rounds = 0;
        do {
            int brokers = MINUTES > 0 && rounds / ROUNDS_ON_SERVERS % 2 == 1 ? 3 : 1;
            try (FaultyServers servers = FaultyServers.start(brokers, 2)) {
                do {
                    round(servers, seed);
                    rounds++;
                    report(rounds, seed);
                    seed++;
                } while (rounds % ROUNDS_ON_SERVERS != 0 && System.nanoTime() < endNanos);
            }
        } while (System.nanoTime() < endNanos);
    }

    private void report(int rounds, long seed) {
        long faults = recoveryMillis.values().stream().mapToLong(List::size).sum();
        System.out.printf(
                "RandomFaultsIT: rounds=%d last seed=%d faults=%d events=%d replayed=%d successes=%d withoutToken=%d askedAgain=%d"
                        + " violations=0%n",
                rounds, seed, faults, events, replays, successes, withoutToken, repeats);
        recoveryMillis.forEach((fault, millis) -> {
            List<Long> sorted = new ArrayList<>(millis);
            Collections.sort(sorted);
            System.out.printf(
                    "RandomFaultsIT:   %s n=%d publishing again after p50=%d ms max=%d ms%n",
                    fault, sorted.size(), sorted.get(sorted.size() / 2), sorted.get(sorted.size() - 1));
        });
    }

    private void round(FaultyServers servers, long seed) throws Exception {
        Random random = new Random(seed);
        String repeat =
                "mvn verify -Dtest=NONE -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=RandomFaultsIT -Dfaults.round="
                        + FAULTS_A_ROUND + " -Dfaults.upheavals=" + UPHEAVALS + " -Dfaults.seed=" + seed;
        System.out.println("RandomFaultsIT: to repeat this round: " + repeat);
        try (FaultyWorld world = FaultyWorld.on(servers, "random")) {
            List<RelayProcess> relays = List.of(world.startRelay(0, LIMITS), world.startRelay(1, LIMITS));
            world.awaitActive();
            GroupProcess consumer = world.startConsumer();
            world.startPooler();
            Operator operator = new Operator(world, LIMITS);
            List<Recovery> recoveries = new ArrayList<>();
            TokenReaders readers = TokenReaders.start(world.source(), relays, seed, READERS, PATIENCE);
            HealthWatch health = HealthWatch.start(world.source(), relays);
            try (readers;
                    Workload workload = Workload.startReconnecting(world::connectAsWriter, seed, 3, 40);
                    health) {
                for (int i = 0; i < FAULTS_A_ROUND; i++) {
                    recoveries.add(
                            isUpheaval(random, i)
                                    ? upheave(world, operator, random, repeat)
                                    : strike(world, random, repeat));
                }
            }
            Aftermath aftermath = Aftermath.gather(world, operator);
            for (RelayProcess relay : relays) {
                awaitFresh(relay, "token=now");
                awaitFresh(relay, "maxStaleness=5s");
            }
            aftermath.check(repeat);
            new G6Atomic().check(BrokerLog.find(aftermath.present()));
            aftermath.checkWatermark(consumer.processedNanos(), readers.successes(), readers.repeats());
            new L1Recovers(Patience.LIMIT).check(recoveries);
            new L3HealthTellsTheTruth().check(health.samples());
            events += aftermath.events();
            replays += aftermath.replays();
            successes += readers.successes().size();
            withoutToken += readers.withoutToken();
            repeats += readers.repeats().size();
        }
    }

    /** Beside the writers, the consumer may be too far behind for any success to a question without a token. */
    private static void awaitFresh(RelayProcess relay, String question) {
        await(question + ", log " + relay.log())
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> relay.get("/v1/projections/view/watermark?strict=false&wait=2s&" + question)
                        .path("status")
                        .asText()
                        .equals("success"));
    }

    private Recovery strike(FaultyWorld world, Random random, String repeat) throws Exception {
        RandomFault fault = KINDS.get(random.nextInt(KINDS.size()));
        boolean hitTheActive = random.nextInt(4) > 0;
        int active = world.awaitActive();
        int relay = hitTheActive ? active : 1 - active;
        System.out.printf(
                "RandomFaultsIT: %s of relay %d%s%n", fault, relay, relay == active ? ", the active one" : "");
        fault.strike(world, relay, random);
        long undoneNanos = System.nanoTime();
        awaitPublishing(world, fault + ", " + repeat);
        return recovered(fault.toString(), undoneNanos);
    }

    /** The first fault of a round is never an upheaval, so that something is published before one. */
    private static boolean isUpheaval(Random random, int strike) {
        return random.nextInt(UPHEAVALS) == 0 && strike > 0;
    }

    private Recovery upheave(FaultyWorld world, Operator operator, Random random, String repeat) throws Exception {
        Upheaval upheaval =
                Upheavals.any(random, Integer.parseInt(world.source().query("show server_version_num")) / 10_000);
        System.out.printf("RandomFaultsIT: %s%n", upheaval.label());
        operator.goThrough(upheaval, random);
        long mendedNanos = System.nanoTime();
        awaitPublishing(world, upheaval.label() + ", " + repeat);
        return recovered(upheaval.label(), mendedNanos);
    }

    private Recovery recovered(String fault, long undoneNanos) {
        Duration took = Duration.ofNanos(System.nanoTime() - undoneNanos);
        recoveryMillis.computeIfAbsent(fault, f -> new ArrayList<>()).add(took.toMillis());
        return new Recovery(fault, took);
    }

    /** Restarts a relay that has crashed, as Kubernetes would. Waits until everything committed by now is published. */
    private static void awaitPublishing(FaultyWorld world, String why) throws Exception {
        Lsn head = Lsn.parse(world.source().query("select pg_current_wal_flush_lsn()::text"));
        await("publishing again after " + why)
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptionsInstanceOf(java.io.IOException.class)
                .until(() -> {
                    boolean published = false;
                    for (int relay = 0; relay < 2; relay++) {
                        RelayProcess process = world.relay(relay);
                        if (!process.isAlive()) {
                            process.restart(RelayProcess.Launch.PLAIN);
                        }
                        published |= process.state().equals("running")
                                && process.published().isAfter(head);
                    }
                    return published;
                });
    }
}
