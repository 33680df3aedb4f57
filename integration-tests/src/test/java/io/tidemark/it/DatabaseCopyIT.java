// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.it.harness.GroupConsumer;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.Servers;
import io.tidemark.it.harness.TcpProxy;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.it.harness.TwoServersBehindOneName;
import io.tidemark.outbox.Lsn;
import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.quickstart.stack.PostgresServer;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.health.RelayState.Phase;
import io.tidemark.relay.source.SourceDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.PGConnection;
import org.postgresql.replication.PGReplicationStream;

/**
 * The address of Postgres leads to a copy of the database, an older one or one that lives beside it. The relay publishes
 * nothing from it, and answers nothing about it.
 */
class DatabaseCopyIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String WATERMARK = "/v1/projections/view/watermark?strict=false&token=";

    @TempDir
    private Path dir;

    /** As when a DNS name or a virtual IP is moved to a clone: same system, same timeline, and the sessions stay open. */
    @Test
    void answersNothingWhileTheAddressLeadsToACopy() throws Exception {
        int port = FreePorts.next();
        TestSource source;
        try (PostgresServer postgres = PostgresServer.start(dir.resolve("server"), port, Map.of())) {
            source = TestSource.create("flip", Servers.with(postgres));
            postgres.close();
            postgres.copyTo(dir.resolve("copy"));
        }
        try (PostgresServer postgres = PostgresServer.start(dir.resolve("server"), port, Map.of());
                PostgresServer copy = PostgresServer.start(dir.resolve("copy"), FreePorts.next(), Map.of());
                TcpProxy link = TcpProxy.to(postgres.port());
                RelayProcess active = RelayProcess.start(
                                source, source.servers().through(link), RelayProcess.Launch.PLAIN)
                        .awaitRunning();
                RelayProcess standby =
                        RelayProcess.start(source, source.servers().through(link), RelayProcess.Launch.PLAIN);
                GroupConsumer group = GroupConsumer.start(source, 0)) {
            source.execute("select pg_switch_wal()"); // beyond the end of the copy's WAL
            source.execute("select outbox.publish('order', 'here', 't', 'x')");
            String published = source.token().toString();
            awaitSuccess(active, published);
            awaitSuccess(standby, published);

            link.leadTo(copy.port());
            TestSource clone = source.on(Servers.with(copy));
            clone.execute("select outbox.publish('order', 'there', 't', 'x')");
            String elsewhere = clone.token().toString();

            for (RelayProcess relay : List.of(active, standby)) {
                // who notices first ends the production, and then the other one may give that as its reason
                await("the copy to be noticed")
                        .until(() -> relay.send(WATERMARK + elsewhere)
                                .body()
                                .matches("(?s).*(leads to another server|no replica is active).*"));
                await("no answer for the copy")
                        .during(Duration.ofSeconds(3))
                        .until(() -> !status(relay, elsewhere).equals("success"));
            }
            assertThat(group.processed()).isEqualTo(1);

            link.leadTo(postgres.port());
            source.execute("select outbox.publish('order', 'here again', 't', 'x')");
            awaitSuccess(active, source.token().toString());
            awaitSuccess(standby, source.token().toString());
        }
    }

    private static void awaitSuccess(RelayProcess relay, String token) {
        await("success for " + token + ", log " + relay.log())
                .until(() -> status(relay, token).equals("success"));
    }

    /** Empty for an answer without one, as when the relay cannot answer. */
    private static String status(RelayProcess relay, String token) throws Exception {
        try {
            return JSON.readTree(relay.send(WATERMARK + token + "&wait=1s").body())
                    .path("status")
                    .asText();
        } catch (IOException e) { // it does not listen yet
            return "";
        }
    }

    @Test
    void haltsOnAnOlderCopyAlsoWhenItHasGrownPastThePosition() throws Exception {
        int port = FreePorts.next();
        TestSource source;
        try (PostgresServer postgres = PostgresServer.start(dir.resolve("server"), port, Map.of())) {
            source = TestSource.create("copy", Servers.with(postgres));
            publishWithARelayOfItsOwn(source, "before the copy");
            postgres.close();
            postgres.copyTo(dir.resolve("copy"));
        }
        Lsn published;
        try (PostgresServer postgres = PostgresServer.start(dir.resolve("server"), port, Map.of());
                PostgresServer copy = PostgresServer.start(dir.resolve("copy"), FreePorts.next(), Map.of());
                RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            source.execute("select pg_switch_wal()"); // beyond the end of the copy's WAL
            relay.publish(source, "after the copy");
            Lsn beforeTheCopy = relay.state().published();
            Instant runningSince = relay.state().since();

            assertThat(RunningRelay.haltReason(source.on(Servers.with(copy)).configuration()))
                    .contains("Kafka has events up to " + beforeTheCopy, "the database's WAL ends at");

            relay.publish(source, "beside the copy");
            assertThat(relay.state().since()).isEqualTo(runningSince); // it was not fenced
            published = relay.state().published();
        }

        try (PostgresServer copy = PostgresServer.start(dir.resolve("copy"), port, Map.of())) {
            source.execute("select pg_switch_wal()"); // past the position, without anything to send
            source.execute("create table filler (n int)");
            source.execute("select pg_switch_wal()");
            assertThat(Lsn.parse(source.query("select pg_current_wal_lsn()"))).isGreaterThan(published);
            assertThat(source.confirmed()).isLessThan(published);
            assertThat(RunningRelay.haltReason(source.configuration()))
                    .contains("does not contain what was published up to " + published, "not the database's history");
            source.execute("select outbox.publish('order', 'of the copy', 't', 'x')");
            assertThat(RunningRelay.haltReason(source.configuration())).contains("does not contain what was published");
            assertThat(source.confirmed()).isLessThan(published);
        }
        assertThat(TopicReader.readAll(source.servers(), source.name() + "."))
                .extracting(ReadEvent::key)
                .containsExactlyInAnyOrder("before the copy", "after the copy", "beside the copy");
    }

    @Test
    void publishesNothingFromAnotherServerThanTheOneThatHoldsTheLock() throws Exception {
        int port = FreePorts.next();
        TestSource source;
        try (PostgresServer postgres = PostgresServer.start(dir.resolve("server"), port, Map.of())) {
            source = TestSource.create("split", Servers.with(postgres));
            postgres.close();
            postgres.copyTo(dir.resolve("copy"));
        }
        try (PostgresServer locked = PostgresServer.start(dir.resolve("server"), port, Map.of());
                PostgresServer other = PostgresServer.start(dir.resolve("copy"), FreePorts.next(), Map.of());
                TwoServersBehindOneName both = new TwoServersBehindOneName(locked, other)) {
            source.on(Servers.with(other)).execute("select outbox.publish('order', 'of the other', 't', 'x')");
            Path file = source.configFile();
            String url = "127.0.0.1:" + both.port() + "/" + source.name() + "?sslmode=disable";
            String yaml = Files.readString(file).replace("127.0.0.1:" + port + "/" + source.name(), url);

            try (SlotUser cutOff = SlotUser.of(source);
                    RunningRelay relay = RunningRelay.start(ConfigurationFile.read(Files.writeString(file, yaml)))) {
                assertThat(relay.awaitPhase(Phase.RETRYING).reason())
                        .contains("not on the server that holds the lock", "must lead to the primary only");
                assertThat(cutOff.isAlive()).isTrue();
            }
            assertThat(TopicReader.readAll(source.servers(), source.name() + "."))
                    .isEmpty();
        }
    }

    /** Streams from the slot again whenever its stream is ended, as a relay may that was cut off. */
    private static final class SlotUser extends Thread implements AutoCloseable {

        private final PostgresConfig postgres;

        private SlotUser(PostgresConfig postgres) {
            super("slot-user");
            this.postgres = postgres;
        }

        static SlotUser of(TestSource source) {
            SlotUser user = new SlotUser(source.configuration().postgres());
            user.start();
            await("the slot in use")
                    .until(() -> source.query("select active::text from pg_replication_slots where slot_name = '"
                                    + source.name() + "'")
                            .equals("true"));
            return user;
        }

        @Override
        public void run() {
            try {
                while (!isInterrupted()) {
                    streamUntilItIsEnded();
                }
            } catch (InterruptedException e) {
                interrupt(); // closed
            }
        }

        private void streamUntilItIsEnded() throws InterruptedException {
            try (Connection connection =
                    DriverManager.getConnection(postgres.url(), SourceDatabase.replicationProperties(postgres))) {
                PGReplicationStream stream = connection
                        .unwrap(PGConnection.class)
                        .getReplicationAPI()
                        .replicationStream()
                        .logical()
                        .withSlotName(postgres.slot())
                        .withSlotOption("proto_version", 1)
                        .withSlotOption("publication_names", postgres.publication())
                        .start();
                while (!isInterrupted()) {
                    stream.readPending();
                    TimeUnit.MILLISECONDS.sleep(10);
                }
            } catch (SQLException e) { // by the relay
                TimeUnit.MILLISECONDS.sleep(10);
            }
        }

        @Override
        public void close() throws InterruptedException {
            interrupt();
            join();
        }
    }

    private static Lsn publishWithARelayOfItsOwn(TestSource source, String aggregateId) throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            relay.publish(source, aggregateId);
            return relay.state().published();
        }
    }
}
