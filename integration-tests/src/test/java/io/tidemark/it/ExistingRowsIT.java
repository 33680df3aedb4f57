// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.it.harness.CommandRun;
import io.tidemark.it.harness.OtherPublisher;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.Servers;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.DeadLetters;
import io.tidemark.outbox.EventHeaders;
import io.tidemark.outbox.Migration;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.quickstart.stack.ChildJvm;
import io.tidemark.relay.backlog.Publication;
import io.tidemark.relay.cli.TidemarkCli;
import io.tidemark.relay.health.RelayState.Phase;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.source.slot.ExistingRows;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Rows that were committed before {@code tidemark init} created the slot: a person must decide before anything
 * continues.
 */
class ExistingRowsIT {

    private static final String PRESET = "outbox: {preset: debezium}\nheaders: debezium";

    private TestSource source;

    @BeforeEach
    void create() throws Exception {
        source = TestSource.bare("existing", Servers.shared());
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    private void migrate() throws SQLException {
        source.execute(Migration.ALL.stream().map(Migration::sql).toArray(String[]::new));
    }

    private void publish(int... numbers) throws SQLException {
        for (int number : numbers) {
            source.execute("select outbox.publish('order', '1', 'Placed', '" + number + "')");
        }
    }

    private String config(String... more) {
        return source.configFile(more).toString();
    }

    /** A separate process, which a failpoint can end. */
    private int initProcess(String failpoint, String... arguments) {
        try (ChildJvm process = ChildJvm.start(
                "tidemark",
                TidemarkCli.class.getName(),
                List.of(arguments),
                List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dio.tidemark.failpoints=" + failpoint),
                source.dir().resolve("init.log"))) {
            return process.awaitExit(180);
        }
    }

    private List<ReadEvent> read(int events) {
        return TopicReader.readUntil(source.servers(), source.name() + ".", read -> read.size() >= events);
    }

    private static List<String> texts(List<ReadEvent> events) {
        return events.stream().map(ReadEvent::text).toList();
    }

    @Test
    void publishesRowsFromBeforeInitBeforeNewerOnes() throws Exception {
        migrate();
        publish(1, 2, 3);
        String config = config();

        CommandRun init = CommandRun.of("init", config);
        JsonNode again = new ObjectMapper()
                .readTree(CommandRun.of("init", "--json", config).output());
        CommandRun check = CommandRun.of("check", config);

        assertThat(init.exitCode()).as(init.output()).isEqualTo(1);
        assertThat(init.output())
                .contains(
                        "replication slot " + source.name() + ": created",
                        "FINDING  3 rows of outbox.event are older than replication slot " + source.name()
                                + " (the oldest is of 20",
                        "tidemark init CONFIG --existing publish",
                        "tidemark init CONFIG --existing ignore");
        assertThat(again.path("findings")).singleElement().asString().contains("3 rows of outbox.event are older than");
        assertThat(check.exitCode()).isEqualTo(1);
        assertThat(check.output()).contains("FINDING  3 rows of outbox.event are older than");
        try (RunningRelay relay = RunningRelay.start(source.configuration())) {
            assertThat(relay.awaitPhase(Phase.HALTED).reason())
                    .startsWith("3 rows of outbox.event are older than")
                    .contains("Nothing is published until you decide");
            publish(4);

            CommandRun published = CommandRun.of("init", config, "--existing", "publish");

            assertThat(published.exitCode()).as(published.output()).isZero();
            assertThat(published.output()).contains("rows older than the slot: 3, of which 3 are published now");
            relay.awaitPhase(Phase.RUNNING);
            publish(5);
            List<ReadEvent> events = read(5);
            assertThat(texts(events)).containsExactly("1", "2", "3", "4", "5");
            assertThat(events.subList(0, 3))
                    .allSatisfy(event -> assertThat(event.headers())
                            .containsKey(EventHeaders.REPLAYED)
                            .doesNotContainKey(EventHeaders.POSITION));
            assertThat(events.subList(3, 5))
                    .allSatisfy(event -> assertThat(event.headers()).doesNotContainKey(EventHeaders.REPLAYED));
        }
        CommandRun third = CommandRun.of("init", config);
        assertThat(third.exitCode()).as(third.output()).isZero();
        assertThat(third.output()).doesNotContain("older");
        assertThat(CommandRun.of("init", config, "--existing", "publish").output())
                .contains("3, published already");
        assertThat(CommandRun.of("check", config).exitCode()).isZero();
        assertThat(read(5)).hasSize(5);
    }

    @Test
    void asksNothingIfNoRowIsOlder() throws Exception {
        CommandRun init = CommandRun.of("init", config(), "--existing", "publish");

        assertThat(init.exitCode()).as(init.output()).isZero();
        assertThat(init.output()).contains("rows older than the slot: none; nothing to decide");
        assertThat(CommandRun.of("init", config()).exitCode()).isZero();
    }

    @Test
    void leavesOutIgnoredRowsAndPublishesNewerOnes() throws Exception {
        migrate();
        publish(1, 2);
        String config = config();

        CommandRun ignored = CommandRun.of("init", config, "--existing", "ignore");

        assertThat(ignored.exitCode()).as(ignored.output()).isZero();
        assertThat(ignored.output())
                .contains("rows older than the slot: 2, left out; they stay in the table until you release their days");
        assertThat(CommandRun.of("check", config).exitCode()).isZero();
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            publish(3);
            assertThat(texts(read(1))).containsExactly("3");
            assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
            CommandRun late = CommandRun.of("init", config, "--existing", "publish");
            assertThat(late.exitCode()).isEqualTo(1);
            assertThat(late.output()).contains("FINDING  an earlier decision left out the 2 rows", "tidemark replay");
        }
        assertThat(source.query("select count(*) from outbox.backlog")).isEqualTo("2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"mid-send=crash@5", "before-commit=crash@2", "after-commit=crash@2", "after-commit=crash@4"})
    void continuesWithoutDuplicatesAfterAKill(String failpoint) throws Exception {
        migrate();
        publish(1, 2, 3, 4, 5, 6, 7);
        String config = config("limits: {batchEvents: 2}");
        CommandRun.of("init", config);

        int killed = initProcess(failpoint, "init", config, "--existing", "publish");

        assertThat(killed).isEqualTo(137);
        try (RunningRelay relay = RunningRelay.start(source.configuration())) {
            assertThat(relay.awaitPhase(Phase.HALTED).reason())
                    .contains("to be published, and that is not finished", "tidemark init CONFIG --existing publish");
        }
        assertThat(CommandRun.of("check", config).output()).contains("FINDING  7 rows", "not finished");
        CommandRun finished = CommandRun.of("init", config, "--existing", "publish");
        assertThat(finished.exitCode()).as(finished.output()).isZero();
        assertThat(finished.output()).contains("7, of which 7 are published now");
        List<ReadEvent> events = read(7);
        assertThat(texts(events)).containsExactly("1", "2", "3", "4", "5", "6", "7");
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            publish(8);
            assertThat(texts(read(8))).containsExactly("1", "2", "3", "4", "5", "6", "7", "8");
        }
    }

    /** A decision that was read before the lock was free may be outdated: relays may have published since. */
    @Test
    void publishesNothingMoreOnceAnotherInitHasDecidedToIgnore() throws Exception {
        migrate();
        publish(1, 2, 3);
        String config = config("limits: {batchEvents: 1}");
        CommandRun.of("init", config);
        assertThat(initProcess("after-commit=crash", "init", config, "--existing", "publish"))
                .isEqualTo(137);
        try (Connection session = source.connect()) {
            ExistingRows before = ExistingRows.read(session, source.name()).orElseThrow();
            CommandRun ignored = CommandRun.of("init", config, "--existing", "ignore");
            assertThat(ignored.exitCode()).as(ignored.output()).isZero();

            assertThatThrownBy(() -> Publication.publish(source.configuration(), session, before))
                    .isInstanceOf(SourceNotReady.class)
                    .hasMessageContaining("somebody else decided about the old rows");
        }
        assertThat(texts(read(1))).containsExactly("1");
    }

    @Test
    void interruptedInitLeavesNoUsableSlot() throws Exception {
        migrate();
        publish(1);
        String config = config();

        assertThat(initProcess("after-slot-made=crash", "init", config)).isEqualTo(137);

        publish(2);
        assertThat(CommandRun.of("check", config).output())
                .contains("FINDING  tidemark init was cut off while it made replication slot " + source.name());
        try (RunningRelay relay = RunningRelay.start(source.configuration())) {
            assertThat(relay.awaitPhase(Phase.HALTED).reason()).contains("was cut off");
        }
        CommandRun again = CommandRun.of("init", config, "--existing", "publish");
        assertThat(again.exitCode()).as(again.output()).isZero();
        assertThat(again.output())
                .contains("recreated, because an earlier init was interrupted", "2, of which 2 are published");
        assertThat(texts(read(2))).containsExactly("1", "2");
    }

    @Test
    void dropsASlotWhoseOldRowsCannotBeListed() throws Exception {
        migrate();
        publish(1);
        source.execute(
                "create function public.full() returns trigger language plpgsql as $$ begin raise 'disk full'; end $$",
                "create trigger full_disk before insert on outbox.backlog for each row execute function public.full()");

        CommandRun failed = CommandRun.of("init", config());

        assertThat(failed.exitCode()).as(failed.output()).isEqualTo(2);
        assertThat(failed.output()).contains("disk full");
        assertThat(slots()).isEqualTo("0");
        source.execute("drop trigger full_disk on outbox.backlog");
        assertThat(CommandRun.of("init", config(), "--existing", "publish").exitCode())
                .isZero();
        assertThat(texts(read(1))).containsExactly("1");
    }

    private String slots() throws SQLException {
        return source.query("select count(*) from pg_replication_slots where slot_name = '" + source.name() + "'");
    }

    /** The client times out before its socket, so that the server does not create a slot without a client. */
    @Test
    void namesAnOpenTransactionAndLeavesNoSlot() throws Exception {
        migrate();
        try (Connection connection = source.connect();
                Statement open = connection.createStatement()) {
            connection.setAutoCommit(false);
            open.execute("select outbox.publish('order', '1', 'Placed', '1')");

            CommandRun refused = CommandRun.of("init", config());

            assertThat(refused.exitCode()).as(refused.output()).isEqualTo(2);
            assertThat(refused.output()).contains("cannot be made while older transactions are open: PID ");
            assertThat(slots()).isEqualTo("0");
            connection.commit();
        }
        assertThat(CommandRun.of("init", config()).output()).contains("1 row of outbox.event is older");
    }

    @Test
    void handlesPoisonAsItsRouteDefines() throws Exception {
        migrate();
        publish(1);
        source.execute(
                "insert into outbox.event (aggregate_type, aggregate_id, event_type) values ('order', '1', 'Gone')");
        publish(3);
        String strict = "{aggregateType: order, topic: \"{name}.order\"}";
        TestSource halting = source.routed(strict);
        TestSource mended = source.routed(
                strict.replace("}", ", onPoison: dead-letter}").replace("{name, onPoison: dead-letter}", "{name}"));

        CommandRun stopped = CommandRun.of("init", halting.configFile().toString(), "--existing", "publish");

        assertThat(stopped.exitCode()).as(stopped.output()).isEqualTo(2);
        assertThat(stopped.output())
                .contains("has no payload", "Neither it nor any old row behind it is published", "--existing publish");
        assertThat(read(0)).isEmpty();
        CommandRun finished = CommandRun.of("init", mended.configFile().toString(), "--existing", "publish");
        assertThat(finished.exitCode()).as(finished.output()).isZero();
        assertThat(finished.output()).contains("3, of which 2 are published now", "1 are dead letters");
        assertThat(texts(read(2))).containsExactly("1", "3");
        String sourceId = source.sourceId();
        List<ReadEvent> letters = TopicReader.readAll(source.servers(), OwnTopics.DEAD_LETTERS).stream()
                .filter(letter -> letter.key().startsWith(sourceId + "/"))
                .toList();
        assertThat(letters).hasSize(1);
        assertThat(letters.get(0).header(DeadLetters.REASON)).contains("has no payload");
        assertThat(CommandRun.of("dead-letters", "list", mended.configFile().toString())
                        .output())
                .contains("has no payload");
    }

    @Test
    void publishesRowsOfAnExistingTableLikeTheStream() throws Exception {
        source.execute(
                "create table public.outboxevent (tenant text default 't', id uuid primary key default"
                        + " gen_random_uuid(), aggregatetype varchar(255), aggregateid varchar(255), type varchar(255),"
                        + " payload jsonb)",
                "insert into outboxevent (aggregatetype, aggregateid, type, payload) values ('order', '1', 'Placed',"
                        + " '{\"total\":  12.50, \"a\": \"ü\"}')");
        String config = config(PRESET);

        CommandRun init = CommandRun.of("init", config);
        CommandRun published = CommandRun.of("init", config, "--existing", "publish");

        assertThat(init.exitCode()).as(init.output()).isEqualTo(1);
        assertThat(init.output())
                .contains("FINDING  1 row of public.outboxevent is older")
                .doesNotContain("retention");
        assertThat(published.exitCode()).as(published.output()).isZero();
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration(PRESET))) {
            source.execute("insert into outboxevent (aggregatetype, aggregateid, type, payload) values ('order', '1',"
                    + " 'Placed', '{\"total\":  12.50, \"a\": \"ü\"}')");
            List<ReadEvent> events = read(2);
            assertThat(texts(events))
                    .containsExactly("{\"a\": \"ü\", \"total\": 12.50}", "{\"a\": \"ü\", \"total\": 12.50}");
            assertThat(events.get(0).headers().keySet())
                    .containsExactly("id", "tidemark-source", EventHeaders.REPLAYED);
            assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
        }
    }

    @Test
    void namesRowsThatWereDeletedMeanwhile() throws Exception {
        migrate();
        publish(1, 2, 3);
        String config = config();
        CommandRun.of("init", config);
        source.execute("delete from outbox.event where payload = '2'");

        CommandRun published = CommandRun.of("init", config, "--existing", "publish");

        assertThat(published.exitCode()).as(published.output()).isEqualTo(1);
        assertThat(published.output()).contains("FINDING  1 of the rows older than the slot were deleted");
        assertThat(texts(read(2))).containsExactly("1", "3");
    }

    @Test
    void refusesToPublishRowsThatAnEarlierSlotMayHavePublished() throws Exception {
        String config = config();
        CommandRun.of("init", config);
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            publish(1);
            assertThat(read(1)).hasSize(1);
            assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
        }
        assertThat(CommandRun.of("slot", "drop", "--yes", source.name(), config).exitCode())
                .isZero();
        assertThat(CommandRun.of("init", config).exitCode()).isEqualTo(1);

        try (OtherPublisher other = new OtherPublisher(source)) {
            CommandRun refused = CommandRun.of("init", config, "--existing", "publish");

            assertThat(refused.exitCode()).isEqualTo(2);
            assertThat(refused.output()).contains("from an earlier slot", "Nothing was published or changed");
            other.commit(); // not fenced
        }
        assertThat(read(1)).hasSize(1);
    }

    @Test
    void adoptionWithANewSlotRecordsTheRowsAndAsksNothing() throws Exception {
        String config = config();
        CommandRun.of("init", config);
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            publish(1);
            assertThat(read(1)).hasSize(1);
            assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
        }
        CommandRun.of("slot", "drop", "--yes", source.name(), config);
        publish(2);
        String at = new ObjectMapper()
                .readTree(CommandRun.of("adopt", "--json", config).output())
                .path("at")
                .asText();

        CommandRun adopted = CommandRun.of("adopt", "--at", at, config);

        assertThat(adopted.exitCode()).as(adopted.output()).isZero();
        assertThat(source.query("select existing || ' ' || existing_rows from outbox.slot"))
                .isEqualTo("adopt 2");
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            publish(3);
            assertThat(texts(read(2))).containsExactly("1", "3");
            assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
        }
    }

    @Test
    void rejectsASlotCreatedByHandIfThereAreRows() throws Exception {
        migrate();
        publish(1);

        assertThatThrownBy(() -> source.execute(source.installation().slotSql()))
                .hasMessageContaining("outbox.event has rows, and SQL cannot determine which of them are older");

        assertThat(slots()).isEqualTo("0");
    }
}
