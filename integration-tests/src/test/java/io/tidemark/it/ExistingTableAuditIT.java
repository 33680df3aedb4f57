// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.it.harness.CommandRun;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.relay.health.RelayState.Phase;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code tidemark audit} of a table that is not ours: compares the rows that are still there. */
class ExistingTableAuditIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PRESET = "outbox: {preset: debezium}\nheaders: debezium";

    private static CommandRun audit(TestSource source, String outbox, String... more) {
        List<String> words =
                new ArrayList<>(List.of("audit", source.configFile(outbox).toString(), "--json"));
        words.addAll(List.of(more));
        return CommandRun.of(words.toArray(String[]::new));
    }

    private static JsonNode report(CommandRun run) throws Exception {
        return JSON.readTree(run.output()
                .lines()
                .filter(line -> line.startsWith("{"))
                .findFirst()
                .orElseThrow(() -> new AssertionError(run.output())));
    }

    private static List<String> kinds(JsonNode report) {
        List<String> kinds = new ArrayList<>();
        report.path("list").forEach(finding -> kinds.add(finding.path("kind").asText()));
        return kinds;
    }

    private static void awaitRead(TestSource source, int events) {
        TopicReader.readUntil(source.servers(), source.name() + ".", read -> read.size() >= events);
    }

    @ParameterizedTest
    @ValueSource(strings = {"jsonb", "json", "text", "varchar", "bytea"})
    void findsRowsThatAreNotInKafkaAsTheyAreInTheTable(String type) throws Exception {
        String table = "create table public.outboxevent (id uuid primary key default gen_random_uuid(), aggregatetype"
                + " varchar(255), aggregateid varchar(255), type varchar(255), payload " + type + ")";
        String insert = "insert into outboxevent (aggregatetype, aggregateid, type, payload) values ('order', ";
        try (TestSource source = TestSource.around(table, "audited", PRESET);
                RunningRelay relay = RunningRelay.startAndAwait(source.configuration(PRESET))) {
            source.execute(
                    insert + "'№ 1', 't', '{\"total\":  12.50, \"a\": \"ü\"}')",
                    insert + "'2', 't', '1')",
                    insert + "'3', 't', null)",
                    insert + "'4', 't', '2')",
                    "delete from outboxevent where aggregateid = '4'");
            awaitRead(source, 4);

            CommandRun clean = audit(source, PRESET);
            assertThat(clean.exitCode()).as(clean.output()).isZero();
            assertThat(report(clean).path("rows").asInt()).isEqualTo(3);

            source.execute(
                    "update outboxevent set payload = '3' where aggregateid = '2'", // the publication has no updates
                    "update outboxevent set id = gen_random_uuid() where aggregateid = '3'");
            CommandRun found = audit(source, PRESET);
            assertThat(found.exitCode()).as(found.output()).isEqualTo(1);
            assertThat(kinds(report(found))).containsExactlyInAnyOrder("altered", "missing");
            assertThat(found.output()).contains("not in Kafka: retention may have deleted its record");
            assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
        }
    }

    @Test
    void selectsByTheTimeOfARowWhereTheTableHasOne() throws Exception {
        String table = "create table public.events (n bigint primary key, kind text, what uuid, happened text, body"
                + " text, at timestamp)";
        String outbox = "outbox: {table: public.events, columns: {id: n, aggregateType: kind, aggregateId: what,"
                + " eventType: happened, payload: body, createdAt: at}}";
        String insert = "insert into events values (%d, 'order', gen_random_uuid(), 't', 'x', %s)";
        try (TestSource source = TestSource.around(table, "timed", outbox);
                RunningRelay relay = RunningRelay.startAndAwait(source.configuration(outbox))) {
            source.execute(
                    insert.formatted(1, "'2020-01-01 23:30:00'"),
                    insert.formatted(2, "now() at time zone 'UTC'"),
                    insert.formatted(3, "null"));
            awaitRead(source, 3);
            source.execute("update events set n = n + 10");

            JsonNode all = report(audit(source, outbox));
            assertThat(kinds(all)).containsExactly("missing", "missing", "missing");
            assertThat(all.path("days").findValuesAsText("day")).hasSize(2).contains("2020-01-01");

            JsonNode recent = report(audit(source, outbox, "--since", "2020-01-02"));
            assertThat(recent.path("list").findValuesAsText("id")).containsExactly("12");
            assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
        }
    }

    @Test
    void rejectsOptionsThatTheTableCannotServe() throws Exception {
        String table =
                "create table public.outboxevent (id uuid primary key, aggregatetype text, aggregateid text, type"
                        + " text, payload text)";
        try (TestSource source = TestSource.around(table, "refused", PRESET);
                RunningRelay relay = RunningRelay.startAndAwait(source.configuration(PRESET))) {
            source.execute("insert into outboxevent values (gen_random_uuid(), 'order', '1', 't', 'x')");
            awaitRead(source, 1);

            CommandRun since = audit(source, PRESET, "--since", "2026-11-20");
            assertThat(since.exitCode()).isEqualTo(2);
            assertThat(since.output())
                    .contains("outbox.columns.createdAt names no column of public.outboxevent", "leave --since out");

            CommandRun release = audit(source, PRESET, "--release", "2026-11-20");
            assertThat(release.exitCode()).isEqualTo(2);
            assertThat(release.output()).contains("public.outboxevent is a table of your own", "leave --release out");
            assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
        }
    }
}
