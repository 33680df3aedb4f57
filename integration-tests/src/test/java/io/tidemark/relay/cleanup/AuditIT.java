// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.it.guarantee.G11AccountedFor;
import io.tidemark.it.harness.CommandRun;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.relay.account.SettledDays;
import io.tidemark.relay.position.KafkaTail;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** G11: rows that the stream did not deliver are reported, kept, and can be replayed. All others are settled. */
class AuditIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String RETENTION = "outbox: {retention: 48h}";

    private OldOutbox outbox;
    private TestSource source;

    @BeforeEach
    void create() throws Exception {
        outbox = OldOutbox.create("audit");
        source = outbox.source();
    }

    @AfterEach
    void drop() throws Exception {
        outbox.close();
    }

    private CommandRun command(String... words) throws Exception {
        List<String> all = new ArrayList<>(List.of(words));
        all.add(1, source.configFile(RETENTION).toString());
        return CommandRun.of(all.toArray(String[]::new));
    }

    private JsonNode audit(int exitCode, String... more) throws Exception {
        List<String> words = new ArrayList<>(List.of("audit", "--json"));
        words.addAll(List.of(more));
        CommandRun run = command(words.toArray(String[]::new));
        assertThat(run.exitCode()).as(run.output()).isEqualTo(exitCode);
        return JSON.readTree(run.output()
                .lines()
                .filter(line -> line.startsWith("{"))
                .findFirst()
                .orElseThrow());
    }

    private void awaitRead(int events) {
        TopicReader.readUntil(source.servers(), source.name() + ".", read -> read.size() >= events);
    }

    /** A partition of ten days ago with rows that were never in the WAL as rows of the outbox, without any error. */
    private String attachFilledPartition(String aggregateId) throws Exception {
        String partition = outbox.partition(10);
        source.execute(
                "create table " + partition + " (like outbox.event including all)",
                "insert into " + partition + " (aggregate_type, aggregate_id, event_type, payload, created_at) values"
                        + " ('order', '" + aggregateId + "', 't', 'x', '" + outbox.day(10) + " 12:00:00+00')",
                "alter table outbox.event attach partition " + partition + " for values from ('" + outbox.day(10)
                        + " 00:00:00+00') to ('" + outbox.day(9) + " 00:00:00+00')");
        return partition;
    }

    private void checkG11(Set<String> named) throws Exception {
        List<String> inTable = List.of(source.query("select string_agg(id::text, ',') from outbox.event")
                .split(","));
        Set<String> readable = TopicReader.readUntil(source.servers(), source.name() + ".", read -> true).stream()
                .map(ReadEvent::id)
                .collect(Collectors.toSet());
        new G11AccountedFor().check(new G11AccountedFor.Rows(inTable, readable, named, Set.copyOf(inTable)));
    }

    @Test
    void reportsARowThatTheStreamDidNotDeliverAndKeepsItUntilReplay() throws Exception {
        String old;
        try (RunningRelay relay = outbox.startRelay()) {
            old = attachFilledPartition("lost");
            outbox.publish("in-kafka", 10);
            outbox.publish("after", 0);
            awaitRead(2);
        }
        try (RunningRelay relay = outbox.startRelay()) { // its first pass starts immediately
            await("the cleanup to find it")
                    .until(() -> !relay.state().audit().unaccounted().isEmpty());
            assertThat(relay.state().audit().unaccounted())
                    .singleElement()
                    .satisfies(found -> assertThat(found.rows()).isEqualTo(1));
            assertThat(outbox.rows(old)).isEqualTo(2);

            String lost = source.query("select id from outbox.event where aggregate_id = 'lost'");
            JsonNode found = audit(1);
            assertThat(found.path("list")).hasSize(1);
            assertThat(found.path("list").get(0).path("kind").asText()).isEqualTo("missing");
            assertThat(found.path("list").get(0).path("id").asText()).isEqualTo(lost);

            checkG11(Set.of(lost));

            assertThat(command("replay", "--unaccounted").exitCode())
                    .as("without --yes")
                    .isEqualTo(1);
            CommandRun replay = command("replay", "--unaccounted", "--yes");
            assertThat(replay.exitCode()).as(replay.output()).isZero();
            awaitRead(3);
            audit(0);
            checkG11(Set.of());
        }
        try (RunningRelay relay = outbox.startRelay()) {
            await("the cleanup to drop it").until(() -> !outbox.exists(old));
            assertThat(relay.state().audit().unaccounted()).isEmpty();
        }
    }

    @Test
    void releasesTheRowsOfADayOnRequest() throws Exception {
        String old;
        try (RunningRelay relay = outbox.startRelay()) {
            old = attachFilledPartition("lost");
            outbox.publish("after", 0);
            awaitRead(1);
            String day = outbox.day(10).toString();

            audit(1);
            audit(1, "--release", day);
        }
        try (RunningRelay relay = outbox.startRelay()) {
            await("the cleanup to drop it").until(() -> !outbox.exists(old));
        }
    }

    /** Most sources have no record of settled days: a cleanup that looks again reads only what is new. */
    @Test
    void remembersSettledDaysFromOneLookToTheNext() throws Exception {
        try (RunningRelay relay = outbox.startRelay();
                KafkaTail tail = new KafkaTail(source.configuration().kafka())) {
            attachFilledPartition("lost");
            outbox.publish("after", 0);
            awaitRead(1);
            KafkaTail.Settled before = tail.lastSettled(source.sourceId(), KafkaTail.Settled.UNREAD);
            assertThat(before.days()).isEqualTo(SettledDays.NONE);
            audit(1, "--release", outbox.day(10).toString());

            KafkaTail.Settled settled = tail.lastSettled(source.sourceId(), before);
            KafkaTail.Settled again = tail.lastSettled(source.sourceId(), settled);

            assertThat(settled.days().isReleased(outbox.day(10))).isTrue();
            assertThat(again.days()).isEqualTo(settled.days());
            assertThat(again.upTo()).isGreaterThanOrEqualTo(settled.upTo());
        }
    }

    /** Otherwise the first pass after an adoption would delete exactly the rows that the runbook replays. */
    @Test
    void keepsRowsThatAnAdoptionLeftOutPastTheirRetention() throws Exception {
        try (RunningRelay relay = outbox.startRelay()) {
            outbox.publish("in-kafka", 0);
            awaitRead(1);
        }
        String old = outbox.makePartition(10);
        outbox.publish("left-out", 10);
        source.execute("select pg_drop_replication_slot('" + source.name() + "')");
        String proposal = command("adopt")
                .output()
                .lines()
                .filter(line -> line.startsWith("at "))
                .findFirst()
                .orElseThrow()
                .replaceAll("at +([0-9A-F]+/[0-9A-F]+):.*", "$1");
        CommandRun adopted = command("adopt", "--at", proposal);
        assertThat(adopted.exitCode()).as(adopted.output()).isZero();

        try (RunningRelay relay = outbox.startRelay()) {
            await("the cleanup to find it")
                    .until(() -> !relay.state().audit().unaccounted().isEmpty());
            assertThat(outbox.rows(old)).isEqualTo(1);
            JsonNode found = audit(1);
            assertThat(found.path("list").get(0).path("cause").asText()).contains("left out by tidemark adopt");
        }
    }

    @Test
    void findsNothingAfterRestartsAndSplits() throws Exception {
        String tight = "limits: {transactionBytes: 64KiB, batchEvents: 50}";
        for (int round = 0; round < 3; round++) {
            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration(RETENTION, tight))) {
                source.execute(
                        "insert into outbox.event (aggregate_type, aggregate_id, event_type, payload, created_at)"
                                + " select 'order', n::text, 't', repeat('x', 500), now() - (n % 3) * interval '1 day'"
                                + " from generate_series(1, 1000) n");
                source.execute("select outbox.emit('order', 'emitted', 't', 'x')");
            }
        }
        try (RunningRelay relay = outbox.startRelay()) {
            awaitRead(3003);

            JsonNode found = audit(0);

            assertThat(found.path("rows").asInt()).isEqualTo(3000);
            assertThat(found.path("settled"))
                    .as("the relay's own count is right")
                    .isEmpty();
        }
    }

    @Test
    void reportsAlteredRows() throws Exception {
        try (RunningRelay relay = outbox.startRelay()) {
            outbox.publish("altered", 0);
            outbox.publish("as-it-was", 0);
            awaitRead(2);
            source.execute("update outbox.event set payload = 'y' where aggregate_id = 'altered'");

            JsonNode found = audit(1);

            assertThat(found.path("list")).hasSize(1);
            assertThat(found.path("list").get(0).path("kind").asText()).isEqualTo("altered");
        }
    }
}
