// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import static io.tidemark.it.harness.TcpProxy.Direction.TO_CLIENT;
import static io.tidemark.it.harness.TcpProxy.Direction.TO_SERVER;
import static org.awaitility.Awaitility.await;

import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.failpoint.Failpoint;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The faults of the random run. Each is applied to one relay, its links, or a server, and then undone. */
public enum RandomFault {
    /** SIGKILL, and a later restart, which sometimes crashes at a failpoint. */
    RELAY_KILLED,
    /** The relay crashes at a random failpoint during its work. */
    CRASH_AT_FAILPOINT,
    /** SIGTERM, and a restart. */
    RELAY_STOPPED,
    /** SIGSTOP for some seconds; its sessions stay open. */
    RELAY_PAUSED,
    /** SIGSTOP until another relay has taken over, because the server has ended its sessions. */
    RELAY_PAUSED_AND_REPLACED,
    /** The server ends the stream. */
    WALSENDER_ENDED,
    /** The server ends the session that holds the lock. */
    LOCK_SESSION_ENDED,
    KAFKA_LINK_DEAD,
    KAFKA_LINK_RESET,
    KAFKA_LINK_SLOW,
    KAFKA_LINK_CUT,
    POSTGRES_LINK_DEAD,
    POSTGRES_LINK_RESET,
    POSTGRES_LINK_SLOW,
    POSTGRES_LINK_CUT,
    BROKER_KILLED,
    BROKER_PAUSED,
    POSTGRES_KILLED,
    /** A session holds a transaction open, with events that it rolls back. */
    POSTGRES_TRANSACTION_OPEN,
    /** The writers' pooler is killed, with transactions in progress. */
    POOLER_KILLED,
    /** Another producer has a transaction open in the topics that the relay writes to and reads, and aborts it. */
    FOREIGN_TRANSACTION_OPEN,
    /** SIGKILL, often between the processing of events and the commit. */
    CONSUMER_KILLED,
    CONSUMER_PAUSED;

    /** Applies the fault to this relay, or to a server, and undoes it after a random time. */
    public void strike(FaultyWorld world, int relay, Random random) throws Exception {
        FaultyServers servers = world.servers();
        RelayProcess process = world.relay(relay);
        List<TcpProxy> kafkaLinks = world.kafkaLinks(relay);
        TcpProxy postgresLink = world.postgresLink(relay);
        int broker = random.nextInt(servers.kafka().size());
        switch (this) {
            case RELAY_KILLED -> {
                process.kill();
                sleep(random, 1500);
                process.restart(random.nextInt(3) == 0 ? crashing(random) : RelayProcess.Launch.PLAIN);
            }
            case CRASH_AT_FAILPOINT -> {
                process.kill();
                process.restart(crashing(random));
                sleep(random, 8000);
            }
            case RELAY_STOPPED -> {
                process.requestStop();
                sleep(random, 4000);
                process.kill();
                process.restart(RelayProcess.Launch.PLAIN);
            }
            case RELAY_PAUSED -> {
                process.pause();
                sleep(random, 5000);
                process.resume();
            }
            case RELAY_PAUSED_AND_REPLACED -> {
                process.pause();
                endSession(world, "l.locktype = 'advisory'");
                awaitRunning(world.relay(1 - relay));
                sleep(random, 1500);
                process.resume();
            }
            case WALSENDER_ENDED ->
                world.source()
                        .execute("select pg_terminate_backend(active_pid) from pg_replication_slots where active and"
                                + " slot_name = '" + world.source().name() + "'");
            case LOCK_SESSION_ENDED -> endSession(world, "l.locktype = 'advisory'");
            case KAFKA_LINK_DEAD -> {
                kafkaLinks.forEach(link -> deaden(link, random));
                sleep(random, 6000);
                kafkaLinks.forEach(TcpProxy::heal);
            }
            case KAFKA_LINK_RESET -> kafkaLinks.forEach(TcpProxy::reset);
            case KAFKA_LINK_SLOW -> {
                kafkaLinks.forEach(link -> link.delay(TO_CLIENT, 20 + random.nextInt(300)));
                sleep(random, 4000);
                kafkaLinks.forEach(TcpProxy::heal);
            }
            case KAFKA_LINK_CUT -> {
                kafkaLinks.forEach(
                        link -> link.cutAfter(random.nextBoolean() ? TO_CLIENT : TO_SERVER, random.nextInt(30_000)));
                sleep(random, 2000);
                kafkaLinks.forEach(TcpProxy::heal);
            }
            case POSTGRES_LINK_DEAD -> {
                deaden(postgresLink, random);
                sleep(random, 5000);
                postgresLink.heal();
            }
            case POSTGRES_LINK_RESET -> postgresLink.reset();
            case POSTGRES_LINK_SLOW -> {
                postgresLink.delay(TO_CLIENT, 20 + random.nextInt(200));
                sleep(random, 4000);
                postgresLink.heal();
            }
            case POSTGRES_LINK_CUT -> {
                postgresLink.cutAfter(TO_CLIENT, random.nextInt(100_000));
                sleep(random, 2000);
                postgresLink.heal();
            }
            case BROKER_KILLED -> {
                servers.kafka().broker(broker).kill();
                sleep(random, 2000);
                servers.kafka().broker(broker).restart();
            }
            case BROKER_PAUSED -> {
                servers.kafka().broker(broker).pause();
                sleep(random, 6000);
                servers.kafka().broker(broker).resume();
            }
            case POSTGRES_KILLED -> {
                servers.postgres().killNow();
                sleep(random, 1000);
                servers.restartPostgres();
            }
            case POSTGRES_TRANSACTION_OPEN -> {
                try (OpenWrites open = OpenWrites.begin(world.source())) {
                    open.events("agg-0", 1 + random.nextInt(5));
                    perhapsRestart(process, random);
                    sleep(random, 8000);
                    open.rollback();
                }
            }
            case POOLER_KILLED -> {
                if (world.pooler().isPresent()) {
                    PgBouncer pooler = world.pooler().get();
                    pooler.kill();
                    sleep(random, 1500);
                    pooler.restart();
                }
            }
            case FOREIGN_TRANSACTION_OPEN -> foreignTransaction(world, process, random);
            case CONSUMER_KILLED -> {
                world.consumer().kill();
                sleep(random, 3000);
                world.consumer().restart();
            }
            case CONSUMER_PAUSED -> { // sometimes longer than its session timeout
                world.consumer().pause();
                sleep(random, 9000);
                world.consumer().resume();
            }
        }
    }

    /** A relay that starts reads its position up to the end, also beside an open transaction. */
    private static void perhapsRestart(RelayProcess process, Random random) {
        if (random.nextBoolean()) {
            process.kill();
            process.restart(RelayProcess.Launch.PLAIN);
        }
    }

    private static void foreignTransaction(FaultyWorld world, RelayProcess relay, Random random) throws Exception {
        String topic = world.source().topic("order");
        String bootstrapServers = world.source().servers().bootstrapServers();
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers))) {
            await("topic " + topic)
                    .until(() ->
                            admin.listTopics().names().get(30, TimeUnit.SECONDS).contains(topic));
        }
        try (KafkaProducer<byte[], byte[]> foreign = new KafkaProducer<>(
                Map.of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ProducerConfig.TRANSACTIONAL_ID_CONFIG,
                        "foreign-" + world.source().name()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            foreign.initTransactions();
            foreign.beginTransaction();
            int partitions = foreign.partitionsFor(topic).size();
            byte[] foreignBytes = "foreign".getBytes(StandardCharsets.US_ASCII);
            foreign.send(new ProducerRecord<>(topic, random.nextInt(partitions), foreignBytes, foreignBytes))
                    .get(30, TimeUnit.SECONDS);
            if (random.nextBoolean()) {
                foreign.send(new ProducerRecord<>(OwnTopics.POSITIONS, 0, foreignBytes, foreignBytes))
                        .get(30, TimeUnit.SECONDS);
            }
            perhapsRestart(relay, random);
            sleep(random, 8000);
            foreign.abortTransaction();
        }
    }

    /** The relay may crash during its takeover, at a failpoint of an earlier fault. It is then restarted. */
    private static void awaitRunning(RelayProcess process) {
        await("the other relay runs").pollInterval(Duration.ofMillis(50)).until(() -> {
            if (!process.isAlive()) {
                process.restart(RelayProcess.Launch.PLAIN);
            }
            return process.state().equals("running");
        });
    }

    private static void deaden(TcpProxy link, Random random) {
        switch (random.nextInt(3)) {
            case 0 -> link.blackhole(TO_SERVER);
            case 1 -> link.blackhole(TO_CLIENT);
            default -> link.blackhole(TO_SERVER, TO_CLIENT);
        }
    }

    private static void sleep(Random random, int upToMillis) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(random.nextInt(upToMillis));
    }

    private static void endSession(FaultyWorld world, String which) throws Exception {
        world.source()
                .execute("select pg_terminate_backend(l.pid, 5000) from pg_locks l where " + which
                        + " and l.database = (select oid from pg_database where datname = current_database())");
    }

    /** A relay that crashes at one failpoint, or at another if it does not reach the first. */
    private static RelayProcess.Launch crashing(Random random) {
        List<Failpoint> all = Stream.of(Failpoint.values())
                .filter(failpoint -> failpoint != Failpoint.AFTER_SLOT_MADE) // reached by init, not by a run
                .toList();
        Failpoint first = all.get(random.nextInt(all.size()));
        Failpoint second = all.get(random.nextInt(all.size()));
        String armed = first.label() + "=crash:" + random.nextInt(300) + "@" + (1 + random.nextInt(5));
        if (second != first) {
            armed += "," + second.label() + "=crash@" + (1 + random.nextInt(30));
        }
        return new RelayProcess.Launch(List.of("-Dio.tidemark.failpoints=" + armed), Map.of());
    }
}
