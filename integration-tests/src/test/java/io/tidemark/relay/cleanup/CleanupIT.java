// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.Evidence;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.it.harness.Workload;
import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.quickstart.stack.PostgresServer;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.health.RelayState.Phase;
import io.tidemark.relay.source.check.SourceInstallation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The cleanup beside a relay that publishes, is halted, or has just taken over. It deletes only published rows. */
class CleanupIT {

    private OldOutbox outbox;
    private TestSource source;

    @BeforeEach
    void create() throws Exception {
        outbox = OldOutbox.create("cleanup");
        source = outbox.source();
    }

    @AfterEach
    void drop() throws Exception {
        outbox.close();
    }

    private void awaitGone(String partition) {
        await(partition + " to be dropped").until(() -> !outbox.exists(partition));
    }

    private void assertComplete(RunningRelay relay) throws Exception {
        Evidence.gather(source).check(relay.state().toString());
    }

    @Test
    void createsPartitionsAheadSoonAfterTheStart() throws Exception {
        outbox.dropPartition(-5);

        try (RunningRelay relay = outbox.startRelay()) {
            await().until(() -> outbox.exists(outbox.partition(-5)));
            source.execute("insert into audit.entry (event_id, aggregate_id) select outbox.publish('order', 'a', 't',"
                    + " 'x'), 'a'");
            outbox.publish("later", -5);

            assertComplete(relay);
        }
        assertThat(source.query(
                        "select bool_and(tableoid::regclass::text = 'outbox.event_' || to_char(created_at at time"
                                + " zone 'UTC', 'YYYYMMDD')) from outbox.event"))
                .isEqualTo("t");
        assertThat(source.query("select string_agg(distinct relowner::regrole::text, ',') from pg_class where oid in"
                        + " (select inhrelid from pg_inherits where inhparent = 'outbox.event'::regclass)"))
                .isEqualTo(source.query("select relowner::regrole from pg_class where oid = 'outbox.event'::regclass"));
    }

    @Test
    void dropsOnlyPublishedRowsPastRetention() throws Exception {
        String old = outbox.makePartition(10);
        String young = outbox.makePartition(1);
        outbox.publish("old", 10);
        outbox.publish("young", 1);
        outbox.publish("old-in-default", 20);

        try (RunningRelay relay = outbox.startRelay()) {
            awaitGone(old);
            await().until(() -> outbox.rows("outbox.event_default") == 0);
            assertComplete(relay);
        }
        assertThat(outbox.rows(young)).isEqualTo(1);
    }

    @Test
    void dropsNothingThatAHaltedRelayHasNotPublished() throws Exception {
        String old = outbox.makePartition(10);
        source.execute("insert into audit.entry (event_id, aggregate_id) select outbox.publish('order', 'poison', 't',"
                + " null::text), 'poison'");
        outbox.publish("behind-the-poison", 10);
        outbox.publish("behind-the-poison", 20);
        Path noTombstones = source.configFile("outbox: {retention: 48h}");
        Files.writeString(
                noTombstones, Files.readString(noTombstones).replace("tombstones: true", "tombstones: false"));

        try (RunningRelay halted = RunningRelay.start(ConfigurationFile.read(noTombstones))) {
            halted.awaitPhase(Phase.HALTED);
            passOnceFree(outbox.passBeside(halted));
        }
        assertThat(outbox.rows(old)).isEqualTo(1);
        assertThat(outbox.rows("outbox.event_default")).isEqualTo(1);

        try (RunningRelay mended = outbox.startRelay()) {
            assertComplete(mended);
            passOnceFree(outbox.passBeside(mended));
            awaitGone(old);
            await().until(() -> outbox.rows("outbox.event_default") == 0);
        }
    }

    @Test
    void keepsThePartitionOfAnOpenTransactionUntilItsEventsArePublished() throws Exception {
        String old = outbox.makePartition(10);
        try (RunningRelay relay = outbox.startRelay();
                Connection writer = source.connect();
                Statement statement = writer.createStatement()) {
            writer.setAutoCommit(false);
            awaitGone(old); // the effect of the first pass is not tested here
            outbox.makePartition(10);
            statement.execute(outbox.insert("open", 10));
            outbox.publish("committed", 10);

            outbox.passBeside(relay).run();

            assertThat(outbox.rows(old)).isEqualTo(1);
            writer.commit();
            assertComplete(relay);
            outbox.passBeside(relay).run();
            assertThat(outbox.exists(old)).isFalse();
        }
    }

    @Test
    void keepsThePartitionOfAPreparedTransactionUntilItsEventsArePublished(@TempDir Path dir) throws Exception {
        try (PostgresServer postgres =
                PostgresServer.start(dir, FreePorts.next(), Map.of("max_prepared_transactions", "5"))) {
            RelayConfiguration config = configurationOf(postgres);
            try (Connection connection = postgres.connect("postgres");
                    Statement statement = connection.createStatement()) {
                new SourceInstallation(config.postgres(), config.outbox()).install(connection);
                statement.execute("create table outbox.event_2001 partition of outbox.event for values from"
                        + " ('2001-01-01 00:00:00+00') to ('2002-01-01 00:00:00+00')");
                statement.execute("begin; insert into outbox.event (aggregate_type, aggregate_id, event_type, payload,"
                        + " created_at) values ('order', 'prepared', 't', 'x', '2001-01-01 12:00:00+00'); prepare"
                        + " transaction 'held'");
                try (RunningRelay relay = RunningRelay.startAndAwait(config)) {
                    CleanupPass pass = passOf(relay);
                    pass.run();
                    statement.execute("commit prepared 'held'");

                    assertThat(TopicReader.readUntil(
                                    source.servers(), source.name() + ".", events -> !events.isEmpty()))
                            .singleElement()
                            .satisfies(event -> assertThat(event.key()).isEqualTo("prepared"));
                    pass.run();
                    assertThatThrownBy(() -> statement.execute("select from outbox.event_2001"))
                            .hasMessageContaining("does not exist");
                }
            }
        }
    }

    private RelayConfiguration configurationOf(PostgresServer postgres) throws Exception {
        Path file = source.configFile("outbox: {retention: 48h}");
        String yaml = Files.readString(file)
                .replace(source.servers().url(source.name()), postgres.url("postgres"))
                .replace("password: \"" + source.servers().password() + "\"", "password: " + PostgresServer.PASSWORD)
                .replace("user: " + source.servers().user(), "user: " + PostgresServer.USER);
        return ConfigurationFile.read(Files.writeString(file, yaml));
    }

    private CleanupPass passOf(RunningRelay relay) throws Exception {
        return new CleanupPass(
                relay.relay().database(),
                relay.state().identity().orElseThrow(),
                OldOutbox.RETENTION,
                () -> relay.state().published(),
                new KafkaAccounts(
                        source.configuration("outbox: {retention: 48h}").kafka(),
                        relay.state().identity().orElseThrow().sourceId()),
                new OncePerReason());
    }

    /** Like the thread of a relay: partitions locked by others, including its own pass, are left for the next pass. */
    private static void passIfFree(CleanupPass pass) throws Exception {
        try {
            pass.run();
        } catch (SQLException e) {
            assertThat(e.getSQLState()).isEqualTo(OncePerReason.LOCK_NOT_AVAILABLE);
        }
    }

    /** A writer ends only when an insert has failed. */
    private static void failIfEnded(Future<?> writer) throws Exception {
        if (writer.isDone()) {
            writer.get();
        }
    }

    /** The relay's own pass may hold a lock at that moment. */
    private static void passOnceFree(CleanupPass pass) {
        await().until(() -> {
            try {
                pass.run();
                return true;
            } catch (SQLException e) {
                assertThat(e.getSQLState()).isEqualTo(OncePerReason.LOCK_NOT_AVAILABLE);
                return false;
            }
        });
    }

    /**
     * Partitions are created and dropped while writers insert into all of them. Open transactions hold some of them.
     */
    @Test
    void failsNoInsertAndLosesNoEventDuringCleanup() throws Exception {
        AtomicInteger oldest = new AtomicInteger(10);
        AtomicBoolean stopping = new AtomicBoolean();
        ExecutorService writers = Executors.newFixedThreadPool(2);
        try (RunningRelay relay = outbox.startRelay();
                Workload workload = Workload.start(source, 20261120, 3, 5)) {
            outbox.makePartition(oldest.get());
            Future<?> late = writers.submit(() -> {
                for (int n = 0; !stopping.get(); n++) {
                    outbox.publish("late-" + n % 7, 10 + n / 20 % (oldest.get() - 9)); // the others can be dropped
                }
                return null;
            });
            CleanupPass pass = outbox.passBeside(relay);
            for (int round = 1; round <= 10; round++) {
                String made = outbox.makePartition(oldest.get() + 1);
                oldest.incrementAndGet();
                outbox.dropPartition(-7);
                await().ignoreExceptionsInstanceOf(SQLException.class) // the relay's own pass may drop it first
                        .until(() -> {
                            failIfEnded(late);
                            return !outbox.exists(made) || outbox.rows(made) > 0;
                        });
                passIfFree(pass);
            }
            await("a partition to be dropped while the writers insert").until(() -> {
                failIfEnded(late);
                passIfFree(pass);
                for (int day = 10; day <= oldest.get(); day++) {
                    if (!outbox.exists(outbox.partition(day))) {
                        return true;
                    }
                }
                return false;
            });
            stopping.set(true);
            late.get(60, TimeUnit.SECONDS);
            workload.close();

            assertComplete(relay);
            await("old partitions to be dropped").until(() -> {
                passIfFree(pass);
                return source.query("select count(*) from outbox.partitions() where upper_bound < now() - interval '48"
                                + " hours'")
                        .equals("0");
            });
            assertThat(outbox.exists(outbox.partition(-7))).isTrue();
            assertThat(outbox.rows("outbox.event_default")).isZero();
        } finally {
            stopping.set(true);
            writers.shutdown();
        }
    }
}
