// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.Evidence;
import io.tidemark.it.guarantee.G6Atomic;
import io.tidemark.it.harness.BrokerLog;
import io.tidemark.it.harness.OpenWrites;
import io.tidemark.it.harness.PoisonSource;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.it.harness.Workload;
import io.tidemark.outbox.DeadLetters;
import io.tidemark.outbox.EventHeaders;
import io.tidemark.outbox.Migration;
import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import io.tidemark.relay.deadletter.DeadLetterDesk;
import io.tidemark.relay.deadletter.DeadLetterProblem;
import io.tidemark.relay.health.RelayState.Phase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Events without a row: {@code outbox.emit}, alone and beside rows, and messages of other programs with its prefix. */
class EmitIT {

    /** Emits and writes the audit row, as {@code OpenWrites.event} does with a row. */
    private static final String EMIT = "insert into audit.entry (event_id, aggregate_id)"
            + " select outbox.emit('order', '%1$s', 'emitted', 'payload ' || n), '%1$s' from generate_series(1, %2$d) n";

    private final OutboxWriter writer = new OutboxWriter();
    private TestSource source;

    @BeforeEach
    void create() throws Exception {
        source = TestSource.create("emit");
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    private static String emit(String aggregateId, int count) {
        return EMIT.formatted(aggregateId, count);
    }

    private String commit(OutboxEvent event) throws Exception {
        try (Connection connection = source.connect()) {
            connection.setAutoCommit(false);
            String id = writer.emit(connection, event).toString();
            connection.commit();
            return id;
        }
    }

    private ReadEvent emitted(OutboxEvent event) throws Exception {
        String id = commit(event);
        return TopicReader.readUntil(
                        source.servers(),
                        source.name() + ".",
                        events -> events.stream().anyMatch(read -> read.id().equals(id)))
                .stream()
                .filter(read -> read.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private Evidence check(RunningRelay relay) throws Exception {
        Evidence evidence = Evidence.gather(source);
        evidence.check(relay.state().toString());
        new G6Atomic().check(BrokerLog.find(evidence.read()));
        assertThat(evidence.read()).noneMatch(event -> event.key().startsWith("gone"));
        return evidence;
    }

    @Test
    void publishesAnEmittedEventLikeARow() throws Exception {
        byte[] bytes = new byte[1024]; // not UTF-8, with every value four times
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) i;
        }
        String text = "\n'quotes' \"double\" \\back\\slash\\ \n\t\r ü 漢字 😀 \uFFFD \u0001 ";
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            long before = System.currentTimeMillis();
            ReadEvent event = emitted(OutboxEvent.of("order", "№ \"42\"\n", "Order\\Placed", text)
                    .withContentType("application/json")
                    .withHeaders(Map.of("tenant", "übermäßig \"😀\" \\ \n"))
                    .withTrace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "vendor=1,other=2"));

            assertThat(event.topic()).isEqualTo(source.topic("order"));
            assertThat(event.key()).isEqualTo("№ \"42\"\n");
            assertThat(event.text()).isEqualTo(text);
            assertThat(event.headers())
                    .containsEntry("type", "Order\\Placed")
                    .containsEntry("content-type", "application/json")
                    .containsEntry("tidemark-source", source.sourceId())
                    .containsEntry("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
                    .containsEntry("tracestate", "vendor=1,other=2")
                    .containsEntry("tenant", "übermäßig \"😀\" \\ \n")
                    .hasSize(8);
            assertThat(event.timestampMillis()).isBetween(before - 1, System.currentTimeMillis());

            OutboxEvent binary =
                    new OutboxEvent("order", "1", "t", new OutboxEvent.Bytes(bytes), null, Map.of(), null, null);
            assertThat(emitted(binary).value()).isEqualTo(bytes);
            assertThat(emitted(OutboxEvent.of("order", "1", "t", "")).value()).isEmpty();
            assertThat(emitted(OutboxEvent.of("order", "k".repeat(1024), "t", "x".repeat(921_600)))
                            .value())
                    .hasSize(921_600);
            OutboxEvent tombstone =
                    new OutboxEvent("order", "1", "t", new OutboxEvent.Tombstone(), null, Map.of(), null, null);
            assertThat(emitted(tombstone).value()).isNull();
            String jsonb = source.query("select outbox.emit('order', 'j', 't', '{\"a\":  [1, 2]}'::jsonb)");
            assertThat(TopicReader.readUntil(source.servers(), source.name() + ".", read -> read.size() >= 6))
                    .filteredOn(read -> read.id().equals(jsonb))
                    .singleElement()
                    .satisfies(read -> {
                        assertThat(read.text()).isEqualTo("{\"a\": [1, 2]}");
                        assertThat(read.header("content-type")).isEqualTo("application/json");
                    });
            assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
        }
        assertThat(source.query("select count(*) from outbox.event")).isEqualTo("0");
    }

    @Test
    void keepsTheOrderOfEmittedEventsAndRows(@TempDir Path spill) throws Exception {
        String limits = "limits: {transactionBytes: 256KiB, batchEvents: 500, spillDirectory: " + spill + "}";
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration(limits));
                OpenWrites writes = OpenWrites.begin(source);
                OpenWrites undone = OpenWrites.begin(source)) {
            undone.execute(emit("gone", 500));
            writes.event("a")
                    .execute(emit("a", 1))
                    .events("a", 3)
                    .execute("savepoint s", emit("gone", 3), "rollback to s")
                    .execute("savepoint s", emit("a", 2), "release s")
                    .event("a")
                    .commit();
            writes.execute("set local logical_decoding_work_mem = '64kB'", emit("large", 5000))
                    .events("large", 3000)
                    .execute("savepoint s", emit("gone", 2000), "rollback to s", emit("large", 2000))
                    .commit();
            writes.execute(emit("gone", 1)).rollback();
            undone.rollback();
            writes.execute("set local synchronous_commit = off", emit("a", 1)).commit();

            Evidence evidence = check(relay);

            assertThat(evidence.committed()).hasSize(8 + 10_000 + 1);
            assertThat(evidence.read())
                    .filteredOn(event -> event.key().equals("large"))
                    .allSatisfy(event -> assertThat(event.headers()).containsKey(EventHeaders.SPLIT));
        }
    }

    @Test
    void survivesStopsWithEmittedEventsAndRows() throws Exception {
        Random random = new Random(7);
        try (Workload ignored = Workload.start(source, 7, 3, 10)) {
            for (int i = 0; i < 6; i++) {
                RunningRelay relay = RunningRelay.startAndAwait(source.configuration());
                TimeUnit.MILLISECONDS.sleep(200 + random.nextInt(300));
                relay.cutOff();
            }
        }
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            assertThat(check(relay).read())
                    .filteredOn(event -> event.header(EventHeaders.TYPE).equals("emitted"))
                    .hasSizeGreaterThan(20);
        }
    }

    /** A relay does not need migration V4. It continues while an administrator adds it. */
    @Test
    void servesADatabaseWithoutEmitWhileTheMigrationIsAdded() throws Exception {
        source.execute(
                "drop schema outbox cascade",
                "drop publication tidemark",
                "select pg_drop_replication_slot('" + source.name() + "')");
        source.execute(Migration.ALL.subList(0, 3).stream().map(Migration::sql).toArray(String[]::new));
        source.execute(source.installation().slotSql());
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            OpenWrites.commitOne(source, "a");
            assertThat(check(relay).committed()).hasSize(1);
            assertThatThrownBy(() -> source.execute(emit("a", 1)))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("function outbox.emit(unknown, unknown, unknown, text) does not exist");

            try (Connection connection = source.connect()) {
                assertThat(source.installation().install(connection))
                        .contains("migration V3__partitions.sql: already exists", "migration V4__emit.sql: applied");
            }
            source.execute(emit("a", 2));

            assertThat(check(relay).committed()).hasSize(3);
        }
    }

    @Test
    void haltsAtAForeignMessageAndLosesNothing() throws Exception {
        OpenWrites.commitOne(source, "a");
        source.execute("select pg_logical_emit_message(true, 'tidemark.event', 'an event of mine')");
        OpenWrites.commitOne(source, "a");

        try (RunningRelay relay = RunningRelay.start(source.configuration())) {
            assertThat(relay.awaitPhase(Phase.HALTED).reason())
                    .contains(
                            "is a 'tidemark.event' message that outbox.emit() did not write: it has no first line",
                            "set onPoison: dead-letter on the route for \"*\"");
        }
        assertThat(TopicReader.readAll(source.servers(), source.name() + ".")).hasSize(1);
        try (RunningRelay relay = RunningRelay.start(source.configuration())) {
            assertThat(relay.awaitPhase(Phase.HALTED).reason()).contains("it has no first line");
        }
    }

    @Test
    void deadLettersAForeignMessageIfTheRouteAllowsIt() throws Exception {
        String outside = "{\"id\":\"0191f7a2-0000-7000-8000-000000000001\",\"createdAt\":1,\"aggregateType\":\"order\","
                + "\"aggregateId\":\"a\",\"eventType\":\"t\",\"hasPayload\":true}\nx";
        try (PoisonSource poison = PoisonSource.create("forged");
                OpenWrites writes = OpenWrites.begin(poison.source());
                OpenWrites undone = OpenWrites.begin(poison.source())) {
            writes.event("a")
                    .execute("select pg_logical_emit_message(true, 'tidemark.event', 'mine')")
                    .execute(emit("a", 1))
                    .commit();
            undone.event("gone")
                    .execute("select pg_logical_emit_message(false, 'tidemark.event', '" + outside + "')")
                    .rollback();
            writes.execute(emit("a", 1)).commit();
            try (RunningRelay relay = RunningRelay.startAndAwait(poison.configuration("dead-letter"))) {
                await().until(() -> poison.deadLetters().size() >= 2);
                List<ReadEvent> letters = poison.deadLetters();

                assertThat(letters).hasSize(2);
                assertThat(letters.get(0).text()).isEqualTo("mine");
                assertThat(letters.get(0).position().ordinal()).isEqualTo(1);
                assertThat(letters.get(1).text()).isEqualTo(outside);
                assertThat(letters.get(1).header(DeadLetters.REASON))
                        .endsWith("it was written outside of any transaction");
                List<ReadEvent> read = TopicReader.readUntil(
                        poison.source().servers(), poison.source().name() + ".", events -> events.size() >= 3);
                assertThat(read).hasSize(3).allMatch(event -> event.key().equals("a"));
                assertThat(read).extracting(event -> event.position().ordinal()).containsExactly(0, 2, 0);
                DeadLetterDesk desk = new DeadLetterDesk(
                        poison.configuration("dead-letter").kafka(),
                        poison.configuration("dead-letter").routes());
                assertThatThrownBy(() -> desk.retry(letters.get(1).id(), Optional.empty()))
                        .isInstanceOf(DeadLetterProblem.class)
                        .hasMessageContaining("retrying cannot succeed");
                assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
            }
            try (RunningRelay again = RunningRelay.startAndAwait(poison.configuration("dead-letter"))) {
                poison.source().execute(emit("a", 1));
                assertThat(TopicReader.readUntil(
                                poison.source().servers(), poison.source().name() + ".", events -> events.size() >= 4))
                        .hasSize(4);
                assertThat(poison.deadLetters()).hasSize(2);
                assertThat(again.state().phase()).isEqualTo(Phase.RUNNING);
            }
        }
    }
}
