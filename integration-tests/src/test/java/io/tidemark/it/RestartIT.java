// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.Evidence;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.Workload;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.health.RelayState;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/**
 * The relay is stopped at random moments, in every way, while transactions of every shape are committed. No event is
 * lost, repeated, reordered or invented. A few dozen stops here; thousands with the command in CONTRIBUTING.md.
 */
class RestartIT {

    private static final int STOPS = Integer.getInteger("restart.stops", 40);
    private static final int KILLS = Integer.getInteger("restart.kills", 5);
    /**
     * After this number, everything is checked and a fresh source begins, because committed events are held in memory.
     */
    private static final int STOPS_A_ROUND = 40;

    private static final int KILLS_A_ROUND = 20;

    private static long seed() {
        String given = System.getProperty("restart.seed", "");
        return given.isEmpty() ? System.nanoTime() & 0xFFFFFF : Long.parseLong(given);
    }

    /** The ways in which a relay is stopped in this JVM. */
    private enum Stop {
        CLOSED,
        CUT_OFF,
        WALSENDER_ENDED;

        void apply(RunningRelay relay, TestSource source, Random random) throws Exception {
            switch (this) {
                case CLOSED -> relay.close();
                case CUT_OFF -> relay.cutOff();
                case WALSENDER_ENDED -> {
                    source.execute("select pg_terminate_backend(active_pid) from pg_replication_slots"
                            + " where slot_name = '" + source.name() + "' and active");
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(100));
                    relay.cutOff();
                }
            }
        }
    }

    @Test
    void survivesStopsInProcess() throws Exception {
        long seed = seed();
        Map<Stop, Integer> stops = new EnumMap<>(Stop.class);
        long events = 0;
        for (int left = STOPS; left > 0; left -= STOPS_A_ROUND, seed++) {
            events += stopInProcess(seed, Math.min(left, STOPS_A_ROUND), stops);
            System.out.printf("RestartIT: seed=%d so far %s events=%d violations=0%n", seed, stops, events);
        }
        System.out.printf(
                "RestartIT: last seed=%d stops=%d %s events=%d violations=0%n", seed - 1, STOPS, stops, events);
    }

    private static int stopInProcess(long seed, int count, Map<Stop, Integer> stops) throws Exception {
        Random random = new Random(seed);
        try (TestSource source = TestSource.create("restart")) {
            try (Workload workload = Workload.start(source, seed, 3, 20)) {
                for (int i = 0; i < count; i++) {
                    RunningRelay relay = RunningRelay.start(source.configuration());
                    if (random.nextInt(5) > 0) { // the others are stopped while starting
                        relay.awaitPhase(RelayState.Phase.RUNNING);
                    }
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(500));
                    Stop stop = Stop.values()[random.nextInt(Stop.values().length)];
                    stop.apply(relay, source, random);
                    stops.merge(stop, 1, Integer::sum);
                }
            }
            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
                Evidence evidence = Evidence.gather(source);
                assertThat(source.confirmed()).isLessThanOrEqualTo(relay.state().published());
                evidence.check("-Drestart.seed=" + seed);
                return evidence.committed().size();
            }
        }
    }

    @Test
    void survivesKillsOfTheProcess() throws Exception {
        long seed = seed();
        long events = 0;
        for (int left = KILLS; left > 0; left -= KILLS_A_ROUND, seed++) {
            events += killProcesses(seed, Math.min(left, KILLS_A_ROUND));
            System.out.printf("RestartIT: seed=%d kills so far=%d events=%d violations=0%n", seed, kills(left), events);
        }
        System.out.printf("RestartIT: last seed=%d kills=%d events=%d violations=0%n", seed - 1, KILLS, events);
    }

    /** An application may keep a transaction open while it runs, or leave it hanging. */
    @Test
    void continuesBesideAnOpenTransactionOfAnotherProducer() throws Exception {
        try (TestSource source = TestSource.create("besideopen")) {
            source.makeTopic("order");
            publishFor(source, "before");
            try (KafkaProducer<byte[], byte[]> somebody = somebody(source)) {
                somebody.initTransactions();
                somebody.beginTransaction();
                for (int partition = 0; partition < 3; partition++) {
                    somebody.send(new ProducerRecord<>(source.topic("order"), partition, null, new byte[1]))
                            .get();
                }
                somebody.send(new ProducerRecord<>(OwnTopics.POSITIONS, 0, new byte[] {'x'}, new byte[1]))
                        .get();

                publishFor(source, "beside");

                somebody.abortTransaction();
            }
            Evidence.gather(source).check("beside an open transaction");
        }
    }

    /** Returns when a relay that this starts has published it. */
    private static void publishFor(TestSource source, String aggregateId) throws Exception {
        source.execute("insert into audit.entry (event_id, aggregate_id) select outbox.publish('order', '" + aggregateId
                + "', 't', 'x'), '" + aggregateId + "'");
        Lsn nudge = Lsn.parse(source.query("select outbox.nudge()::text"));
        try (RunningRelay relay = RunningRelay.start(source.configuration())) {
            await().until(() -> {
                RelayState.Snapshot now = relay.state();
                assertThat(now.phase() != RelayState.Phase.RUNNING && now.reason() == null)
                        .as("waits and does not say for what: %s", now)
                        .isFalse();
                return now.published().isAtLeast(nudge);
            });
        }
    }

    private static KafkaProducer<byte[], byte[]> somebody(TestSource source) {
        Map<String, Object> config = Map.of(
                "bootstrap.servers",
                source.servers().bootstrapServers(),
                "transactional.id",
                source.name() + "-somebody",
                "transaction.timeout.ms",
                600_000);
        return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static int kills(int leftBefore) {
        return KILLS - Math.max(0, leftBefore - KILLS_A_ROUND);
    }

    private static int killProcesses(long seed, int count) throws Exception {
        Random random = new Random(seed);
        try (TestSource source = TestSource.create("kill")) {
            try (Workload workload = Workload.start(source, seed, 3, 20)) {
                for (int i = 0; i < count; i++) {
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
                return evidence.committed().size();
            }
        }
    }
}
