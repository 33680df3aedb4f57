// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.Evidence;
import io.tidemark.it.harness.CommandRun;
import io.tidemark.it.harness.PgBouncer;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.Servers;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.quickstart.stack.KafkaServer;
import io.tidemark.quickstart.stack.PostgresServer;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.health.RelayState.Phase;
import io.tidemark.relay.preflight.Preflight;
import io.tidemark.relay.source.SourceDatabase;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/**
 * A relay that cannot or must not start reports the problem and the fix in one sentence. If waiting helps, it waits and
 * then continues. If continuing could lose or repeat events, it halts.
 */
class BadStartIT {

    private TestSource source;

    @BeforeEach
    void create() throws Exception {
        source = TestSource.create("badstart");
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    private RelayConfiguration configWith(String from, String to) throws Exception {
        Path file = source.configFile();
        String yaml = Files.readString(file);
        assertThat(yaml).contains(from);
        return ConfigurationFile.read(Files.writeString(file, yaml.replace(from, to)));
    }

    private void assertWaits(RelayConfiguration config, String... sentence) throws Exception {
        try (RunningRelay relay = RunningRelay.start(config)) {
            String reason = String.valueOf(relay.awaitPhase(Phase.RETRYING).reason());
            assertThat(reason).contains(sentence).doesNotContain("Exception", "\n");
        }
    }

    private void assertHalts(RelayConfiguration config, String... sentence) throws Exception {
        try (RunningRelay relay = RunningRelay.start(config)) {
            String reason = String.valueOf(relay.awaitPhase(Phase.HALTED).reason());
            assertThat(reason).contains(sentence).doesNotContain("Exception", "\n");
        }
    }

    @Test
    void reportsAWrongPassword() throws Exception {
        assertWaits(
                configWith("password: \"" + source.servers().password() + "\"", "password: \"wrong\""),
                "password authentication failed",
                "check postgres.user and postgres.password");
    }

    @Test
    void haltsAtProducerPropertiesThatCannotBeUsed() throws Exception {
        RelayConfiguration config = configWith("\n  topics: {", "\n  properties: {compression.type: zst}\n  topics: {");

        try (RunningRelay relay = RunningRelay.start(config)) {
            assertThat(relay.awaitPhase(Phase.HALTED).reason())
                    .contains(
                            "Kafka's client cannot use its properties", "Invalid value zst", "change kafka.properties");
        }
    }

    /** In Kubernetes, the second file comes from a Secret that is missing. */
    @Test
    void initNamesTheOptionsOfAnAdministratorThatCannotLogIn(@TempDir Path directory) throws Exception {
        String config = source.configFile().toString();
        String user = source.servers().user();
        Path wrong = Files.writeString(directory.resolve("wrong"), "wrong");
        Path missing = directory.resolve("missing");

        CommandRun refused = CommandRun.of("init", config, "--user", user, "--password-file", wrong.toString());
        CommandRun without = CommandRun.of("init", config, "--user", user, "--password-file", missing.toString());

        assertThat(refused.exitCode()).isEqualTo(2);
        assertThat(refused.output())
                .contains("password authentication failed", "check --user and --password-file")
                .doesNotContain("postgres.user");
        assertThat(without.exitCode()).isEqualTo(2);
        assertThat(without.output()).contains(missing + " does not exist", "--password-file");
    }

    @Test
    void reportsAMissingDatabase() throws Exception {
        assertWaits(
                configWith("/" + source.name() + "\"", "/nowhere\""),
                "database \"nowhere\" does not exist",
                "check the database name at the end of postgres.url");
    }

    @Test
    void reportsAnUnreachableServer() throws Exception {
        String address = source.servers().url(source.name()).replaceAll("^.*//|/.*$", "");
        assertWaits(
                configWith(address, "127.0.0.1:" + FreePorts.next()),
                "no connection",
                "check that the server runs, and postgres.url");
    }

    /** Its lock would stay with a session of the pooler, and keep away the relay that is right. */
    @Test
    @EnabledIf(
            value = "io.tidemark.it.harness.PgBouncer#isInstalled",
            disabledReason = "no program pgbouncer on this machine")
    void reportsAPoolerAndLeavesNothingInItsSessions() throws Exception {
        try (PgBouncer pooler = PgBouncer.start(source.servers(), source.name())) {
            String direct = source.servers().url(source.name());
            RelayConfiguration pooled = configWith(direct, pooler.url(source.name()));

            assertThat(Preflight.of(pooled).findings())
                    .singleElement()
                    .asString()
                    .contains("leads through a connection pooler", "Set postgres.url to the Postgres server itself");
            assertWaits(pooled, "leads through a connection pooler");

            assertThat(source.query("select count(*) from pg_locks where locktype = 'advisory' and database ="
                            + " (select oid from pg_database where datname = current_database())"))
                    .isEqualTo("0");
            assertThat(rowSecurityOfSessions(pooler.url(source.name()), 4))
                    .as("row_security in the pooler's sessions")
                    .containsOnly("on");
        }
    }

    /** An open transaction keeps its session, so each connection gets another one. */
    private List<String> rowSecurityOfSessions(String url, int sessions) throws Exception {
        if (sessions == 0) {
            return List.of();
        }
        try (Connection connection = DriverManager.getConnection(
                        url, source.servers().user(), source.servers().password());
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            List<String> settings = new ArrayList<>();
            try (ResultSet row = statement.executeQuery("select current_setting('row_security')")) {
                row.next();
                settings.add(row.getString(1));
            }
            settings.addAll(rowSecurityOfSessions(url, sessions - 1));
            return settings;
        }
    }

    @Test
    void namesTheTypesThatDebeziumCannotRead() throws Exception {
        source.execute(
                "create type hollow as enum ()", "create type color as enum ('red')", "create domain paint as color");

        assertWaits(
                source.configuration(),
                "public.hollow, public.paint (a domain)",
                "alter type public.hollow add value 'none'",
                "Replace a domain over an enum");
    }

    /** A double quote would end an identifier, a plus sign is a space in a URL. */
    @Test
    void readsADatabaseWhoseNamesNeedQuoting() throws Exception {
        String database = "O'Neil \"" + source.name();
        String role = "neil+" + source.name();
        source.execute(
                "create database " + quoted(database), "create role " + quoted(role) + " superuser login password 'x'");
        Path file = source.configFile();
        Files.writeString(
                file,
                Files.readString(file)
                        .replace("/" + source.name() + "\"", "/" + URLEncoder.encode(database, UTF_8) + "\"")
                        .replace("user: " + source.servers().user(), "user: " + quoted(role))
                        .replace("password: \"" + source.servers().password() + "\"", "password: x")
                        .replace("slot: " + source.name(), "slot: " + source.name() + "_odd"));
        try {
            assertThat(CommandRun.of("init", file.toString()).output())
                    .contains("slot " + source.name() + "_odd: created");
            RelayConfiguration config = ConfigurationFile.read(file);
            try (RunningRelay relay = RunningRelay.startAndAwait(config);
                    Connection connection = new SourceDatabase(config.postgres()).connect("test")) {
                connection.createStatement().execute("select outbox.publish('order', '1', 't', 'x')");

                assertThat(TopicReader.readUntil(source.servers(), source.topic("order"), read -> !read.isEmpty()))
                        .hasSize(1);
                assertThat(Preflight.of(config).findings()).isEmpty();
                assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
            }
        } finally {
            source.execute(
                    "select pg_drop_replication_slot('" + source.name() + "_odd')",
                    "drop database " + quoted(database) + " with (force)",
                    "drop role " + quoted(role));
        }
    }

    private static String quoted(String name) {
        return "\"" + name.replace("\"", "\"\"") + "\"";
    }

    @Test
    void reportsAMissingOutbox() throws Exception {
        assertWaits(
                configWith("/" + source.name() + "\"", "/postgres\""),
                "database postgres has no outbox",
                "tidemark init CONFIG");
    }

    @Test
    void reportsAMissingMigration() throws Exception {
        source.execute("delete from outbox.migration where version = 3");

        assertWaits(source.configuration(), "lacks migration V3__partitions.sql", "tidemark init CONFIG");
    }

    @Test
    void reportsAMissingRightToCleanUp() throws Exception {
        String user = "relay+" + source.name();
        String quoted = quoted(user);
        source.execute(
                "create role " + quoted + " login replication password 'x'",
                "grant usage on schema outbox to " + quoted,
                "grant select on all tables in schema outbox to " + quoted,
                "grant execute on function outbox.nudge() to " + quoted);
        Path file = source.configFile();
        String yaml = Files.readString(file)
                .replace("user: " + source.servers().user(), "user: " + user)
                .replace("password: \"" + source.servers().password() + "\"", "password: x");
        try {
            assertWaits(
                    ConfigurationFile.read(Files.writeString(file, yaml)),
                    "user " + quoted + " may not clean up the outbox",
                    "grant tidemark_relay to " + quoted);
        } finally {
            source.execute("drop owned by " + quoted, "drop role " + quoted);
        }
    }

    @Test
    void continuesOnceThePublicationExists() throws Exception {
        source.execute("drop publication tidemark");
        try (RunningRelay relay = RunningRelay.start(source.configuration())) {
            assertThat(relay.awaitPhase(Phase.RETRYING).reason())
                    .contains("publication tidemark does not exist", "tidemark init CONFIG");

            source.execute("create publication tidemark for table outbox.event with (publish = 'insert',"
                    + " publish_via_partition_root = true)");

            relay.awaitPhase(Phase.RUNNING);
        }
    }

    @Test
    void rejectsAPublicationWithoutInserts() throws Exception {
        source.execute("drop publication tidemark", "create publication tidemark with (publish = 'insert')");

        assertWaits(
                source.configuration(),
                "does not publish the inserts of outbox.event under the name of that table",
                "begin; set local lock_timeout = '10s'; lock table only outbox.event in share row exclusive mode; drop");
    }

    @Test
    void rejectsAPublicationOfMoreThanTheOutbox() throws Exception {
        source.execute("alter publication tidemark add table audit.entry");

        assertWaits(source.configuration(), "also publishes audit.entry", "alter publication tidemark set table");
    }

    @Test
    void neverCreatesASlot() throws Exception {
        source.execute("select pg_drop_replication_slot('" + source.name() + "')");

        assertWaits(source.configuration(), "replication slot " + source.name() + " does not exist", "tidemark init");

        assertThat(source.query("select count(*) from pg_replication_slots where slot_name = '" + source.name() + "'"))
                .isEqualTo("0");
    }

    @Test
    void haltsWhenTheSlotIsMissingAfterEventsWerePublished() throws Exception {
        publishOne();
        source.execute("select pg_drop_replication_slot('" + source.name() + "')");

        assertHalts(source.configuration(), "slot " + source.name() + " is gone", "may be missing");
    }

    @Test
    void haltsWhenTheSlotWasCreatedAgain() throws Exception {
        publishOne();
        source.execute(
                "select pg_drop_replication_slot('" + source.name() + "')",
                "select outbox.publish('order', 'lost', 't', 'x')",
                "select pg_create_logical_replication_slot('" + source.name() + "', 'pgoutput')");

        assertHalts(source.configuration(), "is confirmed up to", "but Kafka has events only up to");
    }

    @Test
    void haltsWhenTheSlotWasUsedButKafkaHasNoPosition() throws Exception {
        publishOne();
        source.execute(
                "update outbox.source set id = '" + UUID.randomUUID().toString().substring(0, 8) + "'");

        assertHalts(source.configuration(), "this source has no position", "tidemark slot drop --yes");
    }

    private void publishOne() throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration());
                Connection connection = source.connect();
                Statement statement = connection.createStatement()) {
            new OutboxWriter().publish(connection, OutboxEvent.of("order", "1", "t", "x"));
            var before = relay.state().published();
            statement.execute("select outbox.nudge()");
            await().until(() -> relay.state().published().isAfter(before));
            await().until(() -> source.confirmed().isAtLeast(relay.state().published()));
        }
    }

    @Test
    void haltsAtAnEventThatItMustNotPublishAndLosesNothing() throws Exception {
        RelayConfiguration noTombstones = configWith("tombstones: true", "tombstones: false");
        source.execute(
                "insert into audit.entry (event_id, aggregate_id) select outbox.publish('order', 'before', 't', 'x'),"
                        + " 'before'",
                "insert into audit.entry (event_id, aggregate_id) select outbox.publish('order', 'poison', 't',"
                        + " null::text), 'poison'",
                "insert into audit.entry (event_id, aggregate_id) select outbox.publish('order', 'after', 't', 'x'),"
                        + " 'after'");

        assertHalts(noTombstones, "has no payload, and its route does not allow tombstones", "tombstones: true");

        try (RunningRelay mended = RunningRelay.startAndAwait(source.configuration())) {
            Evidence.gather(source).check(mended.state().toString());
        }
    }

    @Test
    void reportsThatWalLevelIsNotLogical(@TempDir Path dir) throws Exception {
        try (PostgresServer postgres = PostgresServer.start(dir, FreePorts.next(), Map.of("wal_level", "replica"))) {
            String address = source.servers().url(source.name()).replaceAll("^.*//|/.*$", "");
            Path file = source.configFile();
            String yaml = Files.readString(file)
                    .replace(address + "/" + source.name(), "127.0.0.1:" + postgres.port() + "/postgres")
                    .replace(
                            "password: \"" + source.servers().password() + "\"", "password: " + PostgresServer.PASSWORD)
                    .replace("user: " + source.servers().user(), "user: " + PostgresServer.USER);

            assertWaits(
                    ConfigurationFile.read(Files.writeString(file, yaml)),
                    "wal_level is 'replica'",
                    "alter system set wal_level = 'logical'");
        }
    }

    @Test
    void checkReportsThatNoReplicationConnectionCanBeOpened(@TempDir Path dir) throws Exception {
        try (PostgresServer postgres = PostgresServer.start(dir, FreePorts.next(), Map.of("max_wal_senders", "0"))) {
            TestSource bare = TestSource.bare("nosender", Servers.with(postgres));
            bare.execute(bare.installation().script().toArray(String[]::new));

            assertThat(Preflight.of(bare.configuration()).findings())
                    .singleElement()
                    .asString()
                    .contains("no replication connection can be opened", "max_wal_senders");
        }
    }

    @Test
    void waitsForKafkaAndThenPublishesEverything(@TempDir Path dir) throws Exception {
        int port = FreePorts.next();
        RelayConfiguration config = configWith(source.servers().bootstrapServers(), "127.0.0.1:" + port);
        source.execute("select outbox.publish('order', 'early', 't', 'x')");
        try (RunningRelay relay = RunningRelay.start(config)) {
            await().until(() -> relay.state().phase() == Phase.RETRYING
                    && String.valueOf(relay.state().reason()).contains("Kafka"));
            try (KafkaServer kafka = KafkaServer.start(dir, port)) {
                relay.awaitPhase(Phase.RUNNING);
                var walHead = io.tidemark.outbox.Lsn.parse(source.query("select pg_current_wal_flush_lsn()::text"));
                source.execute("select outbox.nudge()");

                await().until(() -> relay.state().published().isAtLeast(walHead));
                assertThat(kafka.bootstrapServers()).endsWith(":" + port);
                relay.close();
            }
        }
    }

    @Test
    void runsASecondRelayAsStandby() throws Exception {
        try (RunningRelay first = RunningRelay.startAndAwait(source.configuration())) {
            try (RunningRelay second = RunningRelay.start(source.configuration())) {
                second.awaitPhase(Phase.STANDBY);
                assertThat(first.state().phase()).isEqualTo(Phase.RUNNING);
                second.awaitServing();

                first.close();

                second.awaitPhase(Phase.RUNNING);
            }
        }
    }
}
