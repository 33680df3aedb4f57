// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.Evidence;
import io.tidemark.it.guarantee.G6Atomic;
import io.tidemark.it.harness.BrokerLog;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.Servers;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.DeadLetters;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.health.RelayState.Phase;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.source.check.SourceCheck;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An outbox table from before Tidemark: Debezium's layout, and a custom one. */
class ExistingTableIT {

    /** The table of Debezium's documentation, with two more columns. */
    private static final String TABLE = """
            create table public.outboxevent (tenant text default 't', id uuid primary key default gen_random_uuid(),
                aggregatetype varchar(255), aggregateid varchar(255), type varchar(255), payload %s,
                place point default '(1,2)')""";

    private static final String PRESET = "outbox: {preset: debezium}\nheaders: debezium";

    private static TestSource source(String payloadType, String label) throws Exception {
        return TestSource.around(TABLE.formatted(payloadType), label, PRESET);
    }

    private static List<ReadEvent> read(TestSource source, int events) {
        return TopicReader.readUntil(source.servers(), source.name() + ".", read -> read.size() >= events);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            jsonb | {"total":  12.50, "a": "ü"} | {"a": "ü", "total": 12.50}
            json  | {"total":  12.50, "a": "ü"} | {"total":  12.50, "a": "ü"}
            text  | {"total":  12.50, "a": "ü"} | {"total":  12.50, "a": "ü"}
            varchar | plain                     | plain
            bytea | ü                           | ü
            """)
    void publishesDebeziumsLayoutAsPostgresSendsIt(String type, String payload, String value) throws Exception {
        try (TestSource source = source(type, "debezium");
                RunningRelay relay = RunningRelay.startAndAwait(source.configuration(PRESET))) {
            String id = source.query("insert into outboxevent (aggregatetype, aggregateid, type, payload) values"
                    + " ('order', '№ 1', 'Placed', '" + payload + "') returning id");

            ReadEvent event = read(source, 1).get(0);

            assertThat(event.topic()).isEqualTo(source.topic("order"));
            assertThat(event.key()).isEqualTo("№ 1");
            assertThat(event.text()).isEqualTo(value);
            assertThat(event.headers().keySet()).containsExactly("id", "tidemark-source", "tidemark-position");
            assertThat(event.id()).isEqualTo(id);
            assertThat(event.timestampMillis())
                    .as("the time of the commit")
                    .isBetween(System.currentTimeMillis() - 60_000, System.currentTimeMillis());
            source.execute("insert into outboxevent (aggregatetype, aggregateid, type) values ('order', '1', 'Gone')");
            assertThat(read(source, 2)).anyMatch(gone -> gone.value() == null);
            assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
        }
    }

    /** Debezium's users keep the table empty by deleting the row in the transaction that inserted it. */
    @Test
    void publishesImmediatelyDeletedRowsOnceThroughRestarts() throws Exception {
        Random random = new Random(5);
        AtomicBoolean stopping = new AtomicBoolean();
        try (TestSource source = source("jsonb", "deleted")) {
            CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> write(source, stopping));
            for (int i = 0; i < 8; i++) {
                RunningRelay relay = RunningRelay.startAndAwait(source.configuration(PRESET));
                TimeUnit.MILLISECONDS.sleep(random.nextInt(400));
                if (i % 2 == 0) {
                    relay.cutOff();
                } else {
                    relay.close();
                }
            }
            stopping.set(true);
            writing.get(60, TimeUnit.SECONDS);
            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration(PRESET))) {
                Evidence evidence = Evidence.gather(source);

                evidence.check(relay.state().toString());
                new G6Atomic().check(BrokerLog.find(evidence.read()));
                assertThat(evidence.committed()).hasSizeGreaterThan(100);
                assertThat(evidence.read()).noneMatch(event -> event.key().equals("gone"));
            }
            assertThat(source.query("select count(*) from outboxevent")).isEqualTo("0");
        }
    }

    private static void write(TestSource source, AtomicBoolean stopping) {
        String insert = "with e as (insert into outboxevent (aggregatetype, aggregateid, type, payload)"
                + " select 'order', %s, 't', jsonb_build_object('n', n, 'pad', repeat('x', n * 40))"
                + " from generate_series(1, %d) n returning id, aggregateid)"
                + " insert into audit.entry (event_id, aggregate_id) select id, aggregateid from e";
        Random random = new Random(6);
        try (Connection connection = source.connect();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            while (!stopping.get()) {
                statement.execute(insert.formatted("'agg-' || n % 7", 1 + random.nextInt(random.nextInt(80) + 1)));
                statement.execute("savepoint s");
                statement.execute(insert.formatted("'gone'", 1));
                statement.execute("rollback to s");
                statement.execute("insert into audit.entry (event_id, aggregate_id) select"
                        + " outbox.emit('order', 'agg-1', 'emitted', 'x'), 'agg-1'");
                statement.execute("update outboxevent set type = 'changed'");
                statement.execute("delete from outboxevent");
                if (random.nextInt(5) == 0) {
                    connection.rollback();
                } else {
                    connection.commit();
                }
                TimeUnit.MILLISECONDS.sleep(random.nextInt(15));
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void haltsOrDeadLettersAtDefectiveRowsAsTheRouteDefines() throws Exception {
        Map<String, String> reasons = Map.of(
                "null, 'a', 't', null, null", "has no value in column aggregatetype",
                "'order', null, 't', null, null", "has no value in column aggregateid",
                "'order', '', 't', null, null", "has no value in column aggregateid",
                "'order', 'a', null, null, null", "has no value in column type",
                "'or der', 'a', 't', null, null", "which is not a legal topic name",
                "'order', 'a', 't', '[1]', null", "column extra whose headers are not an object",
                "'order', 'a', 't', '{\"id\": \"x\"}', null", "whose headers have 'id', which is reserved",
                "'order', 'a', 't', null, 'infinity'", "column at that is not between 1970 and 9999",
                "'order', 'a', 't', null, '-infinity'", "column at that is not between 1970 and 9999",
                "'order', 'a', 't', null, '1969-12-31'", "column at that is not between 1970 and 9999");
        String outbox = "outbox: {preset: debezium, columns: {headers: extra, createdAt: at},"
                + " additionalHeaders: {eventType: type, owner: tenant}}\nheaders: debezium";
        String table = TABLE.formatted("jsonb, extra jsonb, at timestamp");
        String insert = "insert into outboxevent (aggregatetype, aggregateid, type, extra, at, payload) values (";
        try (TestSource source = TestSource.around(table, "illegal", outbox)) {
            source.execute(insert + "'order', 'a', 't', '{\"tenant\": \"x\"}', '2020-01-01 00:00:00', '1')");
            for (String values : reasons.keySet()) {
                source.execute(insert + values + ", '2')");
            }
            source.execute(insert + "'order', 'a', 't', null, null, '3')");
            try (RunningRelay relay = RunningRelay.start(source.configuration(outbox))) {
                assertThat(relay.awaitPhase(Phase.HALTED).reason())
                        .containsAnyOf(reasons.values().toArray(String[]::new));
                assertThat(read(source, 1)).singleElement().satisfies(event -> {
                    assertThat(event.headers())
                            .containsEntry("tenant", "x")
                            .containsEntry("eventType", "t")
                            .containsEntry("owner", "t");
                    assertThat(event.timestampMillis()).isEqualTo(1_577_836_800_000L);
                });
            }
            Path file = source.configFile(outbox);
            Files.writeString(file, Files.readString(file).replace("tombstones: true", "onPoison: dead-letter"));
            try (RunningRelay relay = RunningRelay.startAndAwait(ConfigurationFile.read(file))) {
                assertThat(read(source, 2)).extracting(ReadEvent::text).containsExactly("1", "3");
                String prefix = source.sourceId() + "/";
                List<ReadEvent> letters = await().until(
                                () -> TopicReader.readAll(source.servers(), OwnTopics.DEAD_LETTERS).stream()
                                        .filter(letter -> letter.key().startsWith(prefix))
                                        .toList(),
                                found -> found.size() >= reasons.size());
                assertThat(letters)
                        .hasSameSizeAs(reasons.keySet())
                        .allMatch(letter -> letter.text().equals("2"));
                for (String reason : reasons.values()) {
                    assertThat(letters)
                            .anyMatch(
                                    letter -> letter.header(DeadLetters.REASON).contains(reason));
                }
                assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
            }
        }
    }

    @Test
    void readsACustomTableByItsColumnNames() throws Exception {
        String table = """
                create schema "Shop"; create table "Shop"."Events-1" (n bigint primary key, kind text, what uuid,
                    happened text, body bytea, media text, tp text, ts text, at timestamptz)""";
        String outbox = """
                outbox:
                  table: Shop.Events-1
                  columns: {id: n, aggregateType: kind, aggregateId: what, eventType: happened, payload: body,
                    contentType: media, traceparent: tp, tracestate: ts, createdAt: at}
                """;
        try (TestSource source = TestSource.around(table, "own", outbox);
                RunningRelay relay = RunningRelay.startAndAwait(source.configuration(outbox))) {
            source.execute(
                    "insert into \"Shop\".\"Events-1\" values (7, 'order', '0191f7a2-0000-7000-8000-000000000001',"
                            + " 'Placed', '\\x00ff0a', 'application/avro', '00-1', 'k=v', '2020-01-01 00:00:00.123456+00')");

            assertThat(read(source, 1)).singleElement().satisfies(event -> {
                assertThat(event.key()).isEqualTo("0191f7a2-0000-7000-8000-000000000001");
                assertThat(event.value()).containsExactly(0, 0xff, '\n');
                assertThat(event.timestampMillis()).isEqualTo(1_577_836_800_123L);
                assertThat(event.headers())
                        .containsEntry("id", "7")
                        .containsEntry("type", "Placed")
                        .containsEntry("content-type", "application/avro")
                        .containsEntry("traceparent", "00-1")
                        .containsEntry("tracestate", "k=v");
            });
            source.execute(
                    "alter table \"Shop\".\"Events-1\" rename column body to payload",
                    "insert into \"Shop\".\"Events-1\" (n, kind, what, happened) values (8, 'order',"
                            + " gen_random_uuid(), 't')");
            assertThat(relay.awaitPhase(Phase.HALTED).reason())
                    .contains("Shop.Events-1 has no column body any more; add it again, or give it its name back");
        }
    }

    @Test
    void initCreatesOnlyWhatIsMissing() throws Exception {
        try (TestSource source = source("jsonb", "beside")) {
            assertThat(source.query("select string_agg(relname, ' ' order by relname) from pg_class where relkind in"
                            + " ('r', 'p') and relnamespace = 'outbox'::regnamespace"))
                    .isEqualTo("backlog migration slot source");
            assertThat(source.query("select string_agg(schemaname || '.' || tablename, ' ') from"
                            + " pg_publication_tables where pubname = 'tidemark'"))
                    .isEqualTo("public.outboxevent");
            try (Connection connection = source.connect()) {
                assertThat(source.installation(PRESET).install(connection))
                        .hasSize(4)
                        .allSatisfy(line -> assertThat(line).endsWith("already exists"));
                assertThatThrownBy(() -> source.installation().install(connection))
                        .isInstanceOf(SourceNotReady.class)
                        .hasMessageContainingAll("has no outbox.event", "set outbox.preset or outbox.table");
            }
            source.execute(
                    "set role outbox_writer", "select outbox.emit('order', '1', 't', 'x')", "select outbox.token()");
            assertThat(source.query("select count(*) from outbox.source")).isEqualTo("1");
        }
    }

    @Test
    void printedScriptCreatesTheSame() throws Exception {
        try (TestSource source = TestSource.bare("script", Servers.shared())) {
            source.execute(TABLE.formatted("jsonb"));
            source.execute(source.installation(PRESET).script().toArray(String[]::new));

            try (Connection connection = source.connect()) {
                assertThat(source.installation(PRESET).install(connection))
                        .allSatisfy(line -> assertThat(line).endsWith("already exists"));
            }
        }
    }

    /** The same file creates both, and the migration of our own table does not change them. */
    @ParameterizedTest
    @ValueSource(strings = {"outbox.token()", "outbox.nudge()", "outbox.valid_headers(jsonb)"})
    void hasTheFunctionsOfOurOwnOutbox(String function) throws Exception {
        String definition = "select pg_get_functiondef('" + function + "'::regprocedure) || proacl::text from pg_proc"
                + " where oid = '" + function + "'::regprocedure";
        try (TestSource existing = source("jsonb", "twin");
                TestSource own = TestSource.create("twin")) {
            assertThat(existing.query(definition)).isEqualTo(own.query(definition));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            drop table outboxevent                                        | no table public.outboxevent in database
            drop table outboxevent; create view outboxevent as select 1   | is not a table whose changes are in the WAL
            alter table outboxevent set unlogged                          | is not a table whose changes are in the WAL
            alter table outboxevent drop aggregatetype                    | it has no column aggregatetype (outbox.columns.aggregateType)
            alter table outboxevent rename type to kind                   | it has no column type (outbox.columns.eventType)
            alter table outboxevent alter payload type int using 1        | its column payload (outbox.columns.payload) is of type int4, which must be one of bytea, json, jsonb, text, varchar
            alter table outboxevent drop payload, add payload text generated always as (type) stored | its column payload (outbox.columns.payload) is generated
            alter table outboxevent alter aggregateid type numeric using 1 | its column aggregateid (outbox.columns.aggregateId) is of type numeric
            """)
    void namesColumnsThatCannotBeRead(String change, String finding) throws Exception {
        try (TestSource source = TestSource.bare("unreadable", Servers.shared())) {
            source.execute(TABLE.formatted("jsonb"));
            source.execute(change);
            try (Connection connection = source.connect()) {
                assertThatThrownBy(() -> source.installation(PRESET).install(connection))
                        .isInstanceOf(SourceNotReady.class)
                        .hasMessageContaining(finding);
            }
            assertThat(source.query("select to_regnamespace('outbox') is null")).isEqualTo("t");
        }
    }

    /** Only our own table refuses such text. The walsender ends right after its start, and the relay says why. */
    @Test
    void namesTheTextThatStopsTheStream() throws Exception {
        try (TestSource windows = TestSource.bareIn("WIN1252", "windows");
                Connection connection = windows.connect()) {
            windows.execute(TABLE.formatted("text"));
            windows.installation(PRESET).install(connection);
            windows.execute("insert into outboxevent (aggregatetype, aggregateid, type, payload)"
                    + " values ('order', '1', 't', chr(129))");

            try (RunningRelay relay = RunningRelay.start(windows.configuration(PRESET))) {
                assertThat(relay.awaitPhase(Phase.RETRYING).reason())
                        .contains("0x81 in encoding \"WIN1252\" has no equivalent in encoding \"UTF8\"");
            }
        }
    }

    /** Only of a partitioned table do rows come under another name without it. */
    @Test
    void aPlainTableNeedsNoPublicationByItsRoot() throws Exception {
        try (TestSource source = source("jsonb", "plain")) {
            RelayConfiguration config = source.configuration(PRESET);
            source.execute("alter publication tidemark set (publish_via_partition_root = false)");
            try (Connection connection = source.connect()) {
                assertThat(SourceCheck.ready(new SourceDatabase(config.postgres()), config.outbox(), connection)
                                .sourceId())
                        .isEqualTo(source.sourceId());
            }
            source.execute(
                    "drop table outboxevent",
                    TABLE.formatted("jsonb")
                            .replace("uuid primary key", "uuid")
                            .replace("'(1,2)')", "'(1,2)') partition by list (tenant)"),
                    "alter publication tidemark add table outboxevent");
            try (Connection connection = source.connect()) {
                assertThatThrownBy(() ->
                                SourceCheck.ready(new SourceDatabase(config.postgres()), config.outbox(), connection))
                        .hasMessageContaining("does not publish the inserts of public.outboxevent under the name");
            }
        }
    }

    @Test
    void checkNamesEveryColumnThatCannotBeRead() throws Exception {
        try (TestSource source = source("jsonb", "check")) {
            source.execute(
                    "alter table outboxevent drop aggregatetype",
                    "alter table outboxevent alter payload type int using 1");
            RelayConfiguration config = source.configuration(PRESET);
            try (Connection connection = source.connect()) {
                assertThatThrownBy(() ->
                                SourceCheck.ready(new SourceDatabase(config.postgres()), config.outbox(), connection))
                        .isInstanceOf(SourceNotReady.class)
                        .hasMessageContainingAll("no column aggregatetype", "column payload", "type int4");
                assertThatThrownBy(() -> SourceCheck.ready(
                                new SourceDatabase(config.postgres()), OutboxConfig.DEFAULT, connection))
                        .isInstanceOf(SourceNotReady.class)
                        .hasMessageContaining("has no outbox");
            }
        }
    }

    /** Rows come from the publication, columns from the catalog. */
    @Test
    void needsNoRightsOnTheTable() throws Exception {
        try (TestSource source = source("jsonb", "rights")) {
            source.execute("alter role tidemark_relay password 'relay'");
            Path file = source.configFile(PRESET);
            Files.writeString(
                    file,
                    Files.readString(file)
                            .replaceAll("user: \\w+, password: \"[^\"]*\"", "user: tidemark_relay, password: relay"));
            assertThat(file).content().contains("user: tidemark_relay");
            try (RunningRelay relay = RunningRelay.startAndAwait(ConfigurationFile.read(file))) {
                source.execute("insert into outboxevent (aggregatetype, aggregateid, type, payload) values ('order',"
                        + " '1', 't', '{}')");

                assertThat(read(source, 1)).hasSize(1);
                assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
            }
            assertThat(source.query("select has_table_privilege('tidemark_relay', 'outboxevent', 'select')"))
                    .isEqualTo("f");
        }
    }

    /** A source has one relay, so one outbox table. The relay must not use the publication of the other table. */
    @Test
    void doesNotUseThePublicationOfOurOwnOutbox() throws Exception {
        try (TestSource source = TestSource.create("both")) {
            source.execute(TABLE.formatted("jsonb"));
            RelayConfiguration clash = source.configuration(PRESET);
            try (Connection connection = source.connect()) {
                assertThatThrownBy(() -> source.installation(PRESET).install(connection))
                        .isInstanceOf(SourceNotReady.class)
                        .hasMessageContaining("does not publish the inserts of public.outboxevent");
                assertThatThrownBy(() ->
                                SourceCheck.ready(new SourceDatabase(clash.postgres()), clash.outbox(), connection))
                        .isInstanceOf(SourceNotReady.class)
                        .hasMessageContainingAll(
                                "does not publish the inserts of public.outboxevent",
                                "choose another postgres.publication");
            }
        }
    }

    @Test
    void publishesTheBytesOfTextPayloads() throws Exception {
        String text = "{\"quote\": \"\\\" \\\\ \\n\", \"emoji\": \"😀\"}";
        try (TestSource source = source("json", "bytes");
                RunningRelay relay = RunningRelay.startAndAwait(source.configuration(PRESET))) {
            source.execute("insert into outboxevent (aggregatetype, aggregateid, type, payload) values ('order', '1',"
                    + " 't', '" + text + "')");

            assertThat(read(source, 1).get(0).value()).isEqualTo(text.getBytes(StandardCharsets.UTF_8));
            assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
        }
    }
}
