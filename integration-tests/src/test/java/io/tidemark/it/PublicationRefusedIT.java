// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.CommandRun;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.health.RelayState.Phase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A setup that would silently leave events out of the stream is rejected before the first event. */
class PublicationRefusedIT {

    private TestSource source;

    @BeforeEach
    void create() throws Exception {
        source = TestSource.create("refused");
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    private Path configFile(String from, String to) throws Exception {
        Path file = source.configFile();
        String yaml = Files.readString(file);
        assertThat(yaml).contains(from);
        return Files.writeString(file, yaml.replace(from, to));
    }

    private void publish(String aggregateId) throws Exception {
        source.execute("select outbox.publish('order', '" + aggregateId + "', 't', 'x')");
    }

    private String check(Path config) {
        CommandRun check = CommandRun.of("check", config.toString());
        assertThat(check.exitCode()).as(check.output()).isEqualTo(1);
        return check.output();
    }

    private static String haltReason(RunningRelay relay) {
        await().until(() -> relay.state().phase() == Phase.HALTED);
        return String.valueOf(relay.state().reason());
    }

    @Test
    void rejectsAPublicationNameThatPgoutputReadsAsAnother() throws Exception {
        CommandRun check = CommandRun.of(
                "check",
                configFile("replicas: []", "publication: Tide_Pub, replicas: []")
                        .toString());

        assertThat(check.exitCode()).isEqualTo(2);
        assertThat(check.output()).contains("postgres.publication 'Tide_Pub'", "reads as another one");
    }

    @Test
    void rejectsAPublicationOfAllTables() throws Exception {
        source.execute("drop publication tidemark", "create publication tidemark for all tables");

        assertThat(check(source.configFile()))
                .contains("FOR ALL TABLES", "begin; set local lock_timeout", "in share row exclusive mode", "commit;");
        assertThat(CommandRun.of("init", source.configFile().toString()).output())
                .contains("FOR ALL TABLES");
    }

    @Test
    void rejectsAPublicationOfASchema() throws Exception {
        source.execute(
                "drop publication tidemark",
                "create publication tidemark for table outbox.event, tables in schema audit"
                        + " with (publish = 'insert', publish_via_partition_root)");

        assertThat(check(source.configFile())).contains("FOR TABLES IN SCHEMA", "the first row of another table");
    }

    @Test
    void rejectsATriggerThatAReplicaRoleWouldSwitchOff() throws Exception {
        source.execute("alter table outbox.event enable trigger created_at_stays");

        assertThat(check(source.configFile()))
                .contains(
                        "does not fire under session_replication_role = replica",
                        "alter table outbox.event enable always trigger created_at_stays");
    }

    @Test
    void rejectsAnUnloggedPartitionAtStartAndWhileRunning() throws Exception {
        String partition = source.query(
                "select partition_name from outbox.partitions() where lower_bound <= now() and upper_bound > now()");
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            source.execute("alter table " + partition + " set unlogged");

            assertThat(haltReason(relay))
                    .contains("table " + partition, "is unlogged or foreign", "set logged", "tidemark audit CONFIG");
        }
        assertThat(check(source.configFile())).contains("table " + partition + " is not permanent");
        source.execute("alter table " + partition + " set logged");
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
        }
    }

    @Test
    void rejectsARuleInsteadOfAnInsert() throws Exception {
        source.execute("create rule skip as on insert to outbox.event do instead nothing");

        assertThat(check(source.configFile()))
                .contains(
                        "rule skip on outbox.event takes effect instead of an INSERT",
                        "drop rule skip on outbox.event");
    }

    /** For a table of the user: Postgres allows neither for ours, which has a primary key. */
    @Test
    void rejectsAChildThatIsForeignOrNotAPartition() throws Exception {
        String columns = " (id uuid, aggregatetype text, aggregateid text, type text, payload text)";
        String preset = "outbox: {preset: debezium, table: public.box}\nheaders: debezium";
        String server = "create server away foreign data wrapper away";
        try (TestSource plain = TestSource.around("create table public.box" + columns, "plain", preset)) {
            plain.execute(
                    "create table public.child () inherits (public.box)",
                    "create foreign data wrapper away",
                    server,
                    "create foreign table public.far () inherits (public.box) server away");

            assertThat(check(plain.configFile(preset)))
                    .contains(
                            "table public.child inherits from \"public\".\"box\" and is not a partition of it",
                            "alter table public.child no inherit \"public\".\"box\"",
                            "table public.far is a foreign table",
                            "alter table public.far no inherit \"public\".\"box\"");
        }
        String partitioned = "create table public.box" + columns + " partition by list (aggregatetype)";
        try (TestSource parts = TestSource.around(partitioned, "parts", preset)) {
            parts.execute(
                    "create foreign data wrapper away",
                    server,
                    "create foreign table public.far partition of public.box for values in ('far') server away");

            assertThat(check(parts.configFile(preset)))
                    .contains("table public.far is a foreign table", "detach partition public.far");
        }
    }

    @Test
    void rejectsRowLevelSecurityOnTheOutbox() throws Exception {
        source.execute(
                "create role " + source.name()
                        + " login replication password 'x' in role tidemark_relay, outbox_writer",
                "alter table outbox.source enable row level security",
                "alter table outbox.event enable row level security");
        Path config = configFile(
                "user: " + source.servers().user() + ", password: \""
                        + source.servers().password() + "\"",
                "user: " + source.name() + ", password: x");
        try {
            assertThat(check(config))
                    .contains(
                            "row-level security hides rows of outbox.event",
                            "row-level security hides rows of outbox.source")
                    .doesNotContain("\tat ");
            assertThatThrownBy(() -> source.execute("set role " + source.name(), "select outbox.token()"))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("outbox.source has no row that");
        } finally {
            source.execute("drop role " + source.name());
        }
    }

    @Test
    void rejectsASlotOfTheSameNameInAnotherDatabase() throws Exception {
        try (TestSource other = TestSource.create("other")) {
            Path config = configFile("slot: " + source.name(), "slot: " + other.name());

            assertThat(check(config))
                    .contains("belongs to database " + other.name(), "choose another postgres.slot")
                    .doesNotContain("slot drop");
            assertThat(CommandRun.of("init", config.toString()).output())
                    .contains("belongs to another database of this server")
                    .doesNotContain("slot drop");
        }
    }

    @Test
    void rejectsASecondSlotForTheSameSourceWithoutDisturbingTheFirstRelay() throws Exception {
        Path second = configFile("slot: " + source.name(), "slot: " + source.name() + "_b");
        assertThat(CommandRun.of("init", second.toString()).exitCode()).isZero();
        RelayConfiguration configuration = ConfigurationFile.read(second);
        try (RunningRelay first = RunningRelay.startAndAwait(source.configuration())) {
            publish("1");
            TopicReader.readUntil(source.servers(), source.name() + ".", read -> read.size() == 1);
            try (RunningRelay relay = RunningRelay.start(configuration)) {
                assertThat(haltReason(relay))
                        .contains(
                                "postgres.slot is " + source.name() + "_b",
                                "published from slot " + source.name(),
                                "leave out each other's events");
            }
            assertThat(check(second)).contains("postgres.slot is " + source.name() + "_b");

            publish("2");
            TopicReader.readUntil(source.servers(), source.name() + ".", read -> read.size() == 2);
            assertThat(first.state().phase()).isEqualTo(Phase.RUNNING);
            assertThat(first.state().reason()).isNull();
        }
    }
}
