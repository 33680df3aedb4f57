// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.DebeziumRouter;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.Servers;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TestSource.CommittedEvent;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.quickstart.stack.ChildJvm;
import io.tidemark.relay.cli.TidemarkCli;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** The steps of docs/migrating-from-debezium.md, compared with the events that Debezium's router has published. */
@EnabledIfSystemProperty(named = "faults", matches = "true", disabledReason = "slow; run with -Pfaults")
class MigrationFromDebeziumIT {

    private static final String OUTBOX = """
            outbox:
              preset: debezium
              table: public.outboxevent
              additionalHeaders: {eventType: type}
            headers: debezium
            """;

    private TestSource source;
    private int runs;

    @BeforeEach
    void createAsItWasBefore() throws Exception {
        source = TestSource.bare("migration", Servers.shared());
        source.execute(
                "create table outboxevent (id uuid primary key default gen_random_uuid(), aggregatetype"
                        + " varchar(255) not null, aggregateid varchar(255) not null, type varchar(255) not null, payload jsonb)");
        source.watch();
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    private String tidemark(String... arguments) {
        Path log = source.dir().resolve("tidemark-" + ++runs + ".log");
        try (ChildJvm process = ChildJvm.start(
                "tidemark",
                TidemarkCli.class.getName(),
                List.of(arguments),
                List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                log)) {
            assertThat(process.awaitExit(180)).as(process.output()).isZero();
            return process.output();
        }
    }

    private static void insert(Statement statement, int events) throws SQLException {
        statement.execute("with e as (insert into outboxevent (aggregatetype, aggregateid, type, payload)"
                + " select 'order', 'agg-' || n % 7, 'Changed', '{\"b\":  \"ü\", \"a\": 1}' from generate_series(1, "
                + events + ") n returning id, aggregateid) insert into audit.entry (event_id, aggregate_id)"
                + " select id, aggregateid from e");
        statement.execute("delete from outboxevent");
    }

    private void commit(int events) throws SQLException {
        try (Connection connection = source.connect();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            insert(statement, events);
            connection.commit();
        }
    }

    private CompletableFuture<Void> writeUntil(AtomicBoolean stopping) {
        return CompletableFuture.runAsync(() -> {
            Random random = new Random(3);
            try {
                while (!stopping.get()) {
                    commit(1 + random.nextInt(20));
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(20));
                }
            } catch (SQLException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private List<ReadEvent> awaitEvents(int events) {
        List<ReadEvent> read =
                TopicReader.readUntil(source.servers(), source.topic("order"), found -> found.size() >= events);
        assertThat(read).hasSizeGreaterThanOrEqualTo(events);
        return read;
    }

    private static Map<String, List<String>> idsByKey(List<ReadEvent> read) {
        Map<String, List<String>> ids = new HashMap<>();
        read.forEach(event ->
                ids.computeIfAbsent(event.key(), key -> new ArrayList<>()).add(event.id()));
        return ids;
    }

    private Map<String, List<String>> committedByKey() throws SQLException {
        Map<String, List<String>> ids = new HashMap<>();
        for (CommittedEvent event : source.committedEvents()) {
            ids.computeIfAbsent(event.aggregateId(), key -> new ArrayList<>()).add(event.id());
        }
        return ids;
    }

    /** Writers pause while Debezium is stopped and Tidemark's slot is created. */
    @Test
    void losesAndRepeatsNothingWithAPause() throws Exception {
        AtomicBoolean pausing = new AtomicBoolean();
        try (DebeziumRouter router = DebeziumRouter.start(source)) {
            awaitSlot(router);
            CompletableFuture<Void> writing = writeUntil(pausing);
            TimeUnit.SECONDS.sleep(2);
            pausing.set(true); // 1. the writers pause
            writing.get(30, TimeUnit.SECONDS);
            commit(1); // 2. the last event is published: the connector has drained
            awaitEvents(source.committedEvents().size());
            router.close(); // 3. stop the connector
        }
        List<ReadEvent> before = awaitEvents(source.committedEvents().size());
        String config = source.configFile(OUTBOX).toString();
        assertThat(tidemark("init", config, "--existing", "ignore"))
                .contains("V1__base.sql: applied", "publication tidemark: created");
        assertThat(tidemark("check", config)).contains("Kafka has no events of this source yet");
        AtomicBoolean stopping = new AtomicBoolean(); // 5. the writers continue
        CompletableFuture<Void> writing = writeUntil(stopping);
        try (RelayProcess relay = RelayProcess.start(source, OUTBOX).awaitRunning()) { // 6.
            TimeUnit.SECONDS.sleep(2);
            stopping.set(true);
            writing.get(30, TimeUnit.SECONDS);

            List<ReadEvent> read = awaitEvents(source.committedEvents().size());

            assertThat(relay.state()).isEqualTo("running");
            assertThat(read.size()).isGreaterThan(before.size() + 20);
            assertThat(idsByKey(read)).isEqualTo(committedByKey());
            assertSameForm(read);
        }
        source.execute(
                "select pg_drop_replication_slot('" + DebeziumRouter.slot(source) + "')", // 7.
                "drop publication " + DebeziumRouter.slot(source));
    }

    /** Whether the connector's slot is beyond this one, which does not advance. */
    private boolean isConfirmedBeyond(String slot) throws Exception {
        return source.query("select count(*) from pg_replication_slots connector, pg_replication_slots own where"
                        + " connector.slot_name = '" + DebeziumRouter.slot(source) + "' and own.slot_name = '" + slot
                        + "' and connector.confirmed_flush_lsn > own.confirmed_flush_lsn")
                .equals("1");
    }

    private void awaitSlot(DebeziumRouter router) {
        await().atMost(Duration.ofMinutes(5)).until(() -> {
            router.checkRunning();
            return source.query("select count(*) from pg_replication_slots where active and slot_name = '"
                            + DebeziumRouter.slot(source) + "'")
                    .equals("1");
        });
    }

    /** Without the headers for connector, task and run, which Debezium adds since 3.0. */
    private static Set<String> routersHeaders(ReadEvent event) {
        Set<String> names = new HashSet<>(event.headers().keySet());
        names.removeIf(name -> name.startsWith("__debezium.context."));
        return names;
    }

    /** Both wrote the same keys to the same partitions, the same bytes, and the headers that consumers use. */
    private static void assertSameForm(List<ReadEvent> read) {
        List<ReadEvent> ours = read.stream()
                .filter(event -> event.headers().containsKey("tidemark-position"))
                .toList();
        List<ReadEvent> theirs =
                read.stream().filter(event -> !ours.contains(event)).toList();
        assertThat(ours).isNotEmpty();
        assertThat(theirs).isNotEmpty();
        assertThat(theirs.stream().map(MigrationFromDebeziumIT::routersHeaders).distinct())
                .containsExactly(Set.of("id", "eventType"));
        assertThat(ours.stream().map(event -> event.headers().keySet()).distinct())
                .containsExactly(
                        new LinkedHashSet<>(List.of("id", "tidemark-source", "tidemark-position", "eventType")));
        assertThat(read).allSatisfy(event -> {
            assertThat(event.text()).isEqualTo("{\"a\": 1, \"b\": \"ü\"}");
            assertThat(event.header("eventType")).isEqualTo("Changed");
        });
        Map<String, Set<Integer>> partitions = new HashMap<>();
        read.forEach(event ->
                partitions.computeIfAbsent(event.key(), key -> new HashSet<>()).add(event.partition()));
        assertThat(partitions.values())
                .allSatisfy(ofOneKey -> assertThat(ofOneKey).hasSize(1));
    }

    /** Without a pause, events that the connector had published but not confirmed are repeated. No event is lost. */
    @Test
    void losesNothingWithoutAPauseButMayRepeat() throws Exception {
        AtomicBoolean stopping = new AtomicBoolean();
        String config;
        CompletableFuture<Void> writing;
        try (DebeziumRouter router = DebeziumRouter.start(source)) {
            awaitSlot(router);
            writing = writeUntil(stopping);
            TimeUnit.SECONDS.sleep(1);
            config = source.configFile(OUTBOX).toString(); // 1. the slot first, while the connector runs
            assertThat(tidemark("init", config, "--existing", "ignore"))
                    .contains("replication slot " + source.name() + ": created");
            await("the connector's slot beyond the relay's").until(() -> isConfirmedBeyond(source.name()));
            router.close(); // 2. stop the connector
        }
        String at = source.query("select confirmed_flush_lsn from pg_replication_slots where slot_name = '"
                + DebeziumRouter.slot(source) + "'"); // 3. where it stopped
        assertThat(tidemark("adopt", "--at", at, config)).contains("The source continues at " + at);
        try (RelayProcess relay = RelayProcess.start(source, OUTBOX).awaitRunning()) { // 4.
            TimeUnit.SECONDS.sleep(2);
            stopping.set(true);
            writing.get(30, TimeUnit.SECONDS);

            int committed = source.committedEvents().size();
            List<ReadEvent> read = TopicReader.readUntil(
                    source.servers(),
                    source.topic("order"),
                    found -> found.stream().map(ReadEvent::id).distinct().count() >= committed);

            assertThat(relay.state()).isEqualTo("running");
            System.out.printf(
                    "MigrationFromDebeziumIT: committed=%d repeated=%d%n", committed, read.size() - committed);
            Map<String, List<String>> first = idsByKey(read);
            first.replaceAll((key, ids) -> List.copyOf(new LinkedHashSet<>(ids)));
            assertThat(first).isEqualTo(committedByKey());
        }
    }
}
