// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.it.harness.CommandRun;
import io.tidemark.it.harness.Servers;
import io.tidemark.it.harness.TestSource;
import io.tidemark.quickstart.Quickstart;
import io.tidemark.quickstart.stack.ChildJvm;
import io.tidemark.relay.cli.TidemarkCli;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.core.NativeQuery;
import org.postgresql.core.Parser;

/** The command line as processes: output and exit codes. */
class CommandLineIT {

    private static final AtomicInteger RUNS = new AtomicInteger();

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private static Path dir;

    private record Result(int exitCode, String output) {}

    private static Result run(Class<?> main, String... arguments) {
        Path log = dir.resolve("run-" + RUNS.incrementAndGet() + ".log");
        try (ChildJvm process = ChildJvm.start(
                "tidemark",
                main.getName(),
                List.of(arguments),
                List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                log)) {
            int exitCode = process.awaitExit(180);
            return new Result(exitCode, process.output());
        }
    }

    private static Result tidemark(String... arguments) {
        return run(TidemarkCli.class, arguments);
    }

    private static Path config(String yaml) throws Exception {
        return Files.writeString(Files.createTempFile(dir, "relay", ".yml"), yaml);
    }

    @Test
    void rejectsABadConfigurationInOneSentence() throws Exception {
        Result misspelled = tidemark(
                "run",
                config("postgress: {url: x}\nkafka: {bootstrapServers: a:1}").toString());
        Result unset = tidemark(
                "check",
                config("postgres: {url: \"${NOT_SET_ANYWHERE}\", user: u}").toString());
        Result missing = tidemark("run", dir.resolve("nowhere.yml").toString());

        assertThat(misspelled.exitCode()).isEqualTo(2);
        assertThat(misspelled.output())
                .contains("unknown key postgress; did you mean postgres?")
                .doesNotContain("\tat ");
        assertThat(unset.exitCode()).isEqualTo(2);
        assertThat(unset.output()).contains("NOT_SET_ANYWHERE").doesNotContain("\tat ");
        assertThat(missing.exitCode()).isEqualTo(2);
        assertThat(missing.output()).contains("does not exist").doesNotContain("\tat ");
    }

    @Test
    void initCreatesASlotThatCheckAndShowReport() throws Exception {
        try (TestSource source = TestSource.create("cli")) {
            String config = source.configFile().toString();

            Result again = tidemark("init", config);
            Result check = tidemark("check", config);
            Result slot = tidemark("slot", "show", config);
            Result slotJson = tidemark("slot", "show", "--json", config);
            Result wrongName = tidemark("slot", "drop", "--yes", "other", config);
            Result dropped = tidemark("slot", "drop", "--yes", source.name(), config);
            Result finding = tidemark("check", "--json", config);

            assertThat(again).isEqualTo(new Result(0, again.output()));
            assertThat(again.output()).contains("V1__base.sql: already exists");
            assertThat(check.exitCode()).as(check.output()).isZero();
            assertThat(slot.output()).contains("slot=" + source.name(), "walStatus=reserved");
            assertThat(new ObjectMapper()
                            .readTree(slotJson.output())
                            .path("exists")
                            .asBoolean())
                    .isTrue();
            assertThat(wrongName.exitCode()).isEqualTo(1);
            assertThat(wrongName.output()).contains("nothing was dropped");
            assertThat(dropped.exitCode()).isZero();
            assertThat(finding.exitCode()).isEqualTo(1);
            assertThat(new ObjectMapper().readTree(finding.output()).path("findings"))
                    .singleElement()
                    .asString()
                    .contains("does not exist; run: tidemark init CONFIG");
        }
    }

    @Test
    void printsSqlThatAnyToolCanRun() throws Exception {
        try (TestSource source = TestSource.create("clisql")) {
            Result sql = tidemark("init", "--print-sql", source.configFile().toString());

            assertThat(sql.exitCode()).isZero();
            assertThat(sql.output())
                    .contains(
                            "create schema outbox",
                            "create publication tidemark",
                            "pg_create_logical_replication_slot");
        }
    }

    /** Like psql: statement by statement, each in its own transaction. */
    @Test
    void initDoesNothingBeyondThePrintedSql() throws Exception {
        try (TestSource source = TestSource.bare("byhand", Servers.shared())) {
            String config = source.configFile().toString();
            for (NativeQuery statement : Parser.parseJdbcSql(
                    CommandRun.of("init", "--print-sql", config).output(), true, false, true, false, false)) {
                source.execute(statement.nativeSql);
            }

            CommandRun check = CommandRun.of("check", config);
            CommandRun init = CommandRun.of("init", "--json", config);

            assertThat(check.exitCode()).as(check.output()).isZero();
            assertThat(check.output()).doesNotContain("FINDING");
            assertThat(new ObjectMapper().readTree(init.output()).path("done"))
                    .hasSizeGreaterThan(2)
                    .allSatisfy(line -> assertThat(line.asText()).endsWith(": already exists"));
        }
    }

    private static JsonNode json(int exitCode, String... arguments) throws Exception {
        CommandRun run = CommandRun.of(arguments);
        assertThat(run.exitCode()).as(run.output()).isEqualTo(exitCode);
        return new ObjectMapper().readTree(run.output());
    }

    @Test
    void everyCommandCanPrintJson() throws Exception {
        try (TestSource source = TestSource.create("clijson")) {
            String config = source.configFile().toString();
            String name = source.name();

            assertThat(json(0, "version", "--json").path("version").asText()).isNotEmpty();
            assertThat(json(0, "token", "decode", "--json", "tm1.7f3a9c21.1.0000000A1B2C3D40")
                            .toString())
                    .isEqualTo("{\"parts\":[{\"source\":\"7f3a9c21\",\"timeline\":1,\"lsn\":\"A/1B2C3D40\"}]}");
            assertThat(json(0, "init", "--print-sql", "--json", config).path("sql"))
                    .anySatisfy(sql -> assertThat(sql.asText()).contains("create publication tidemark"));
            assertThat(json(0, "init", "--json", config).path("done"))
                    .anySatisfy(line ->
                            assertThat(line.asText()).isEqualTo("replication slot " + name + ": already exists"));

            JsonNode found = json(1, "adopt", "--json", config);
            assertThat(found.path("found").isNull()).isTrue();
            assertThat(found.path("needsNewSlot").asBoolean(true)).isFalse();
            assertThat(found.path("consequences").asText()).contains("everything committed after");
            String at = found.path("at").asText();
            JsonNode adopted = json(0, "adopt", "--at", at, "--json", config);
            assertThat(adopted.path("continuesAt").asText()).isEqualTo(at);
            assertThat(adopted.path("consequences").asText()).isNotEmpty();

            assertThat(json(0, "slot", "drop", "--yes", name, "--json", config).toString())
                    .isEqualTo("{\"name\":\"" + name + "\",\"dropped\":true}");
            assertThat(json(0, "slot", "drop", "--yes", name, "--json", config)
                            .path("dropped")
                            .asBoolean(true))
                    .isFalse();
            assertThat(json(1, "slot", "show", "--json", config).path("exists").asBoolean(true))
                    .isFalse();
        }
    }

    @Test
    void reportsAnUnreachableKafkaInOneSentence() throws Exception {
        try (TestSource source = TestSource.create("clinobody")) {
            Path file = source.configFile();
            Files.writeString(
                    file,
                    Files.readString(file).replace(source.servers().bootstrapServers(), "unreachable.invalid:9092"));

            CommandRun check = CommandRun.of("check", file.toString());
            CommandRun letters = CommandRun.of("dead-letters", "list", file.toString());
            CommandRun adopt = CommandRun.of("adopt", file.toString());

            assertThat(check.exitCode()).as(check.output()).isEqualTo(1);
            assertThat(check.output()).contains("ok       slot", "FINDING  Kafka: ", "bootstrap");
            for (CommandRun run : List.of(letters, adopt)) {
                assertThat(run.exitCode()).as(run.output()).isEqualTo(2);
                assertThat(run.output()).contains("tidemark: Kafka: ", "bootstrap");
            }
            assertThat(check.output() + letters.output() + adopt.output()).doesNotContain("\tat ");
        }
    }

    @Test
    void decodesTokens() {
        Result good = tidemark("token", "decode", "tm1.7f3a9c21.1.0000000A1B2C3D40");
        Result bad = tidemark("token", "decode", "tm9.x");

        assertThat(good).isEqualTo(new Result(0, "source=7f3a9c21 timeline=1 lsn=A/1B2C3D40\n"));
        assertThat(bad.exitCode()).isEqualTo(1);
        assertThat(bad.output()).contains("malformed token");
    }

    @Test
    void misuseExitsWithTwoAndPrintsHelp() {
        Result result = tidemark("fly");

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.output()).contains("Unmatched argument", "Usage: tidemark");
    }

    @Test
    void demoChecksItselfAndResumesOnTheSameData() throws Exception {
        String data = dir.resolve("demo").toString();

        Result first = run(Quickstart.class, "demo", "--once", "--events", "300", "--json", "--dir", data);
        Result second = run(Quickstart.class, "demo", "--once", "--events", "100", "--json", "--dir", data);

        for (Result result : List.of(first, second)) {
            assertThat(result.exitCode()).as(result.output()).isZero();
            JsonNode summary = new ObjectMapper().readTree(lastLine(result.output()));
            assertThat(summary.path("written")).isEqualTo(summary.path("published"));
            assertThat(summary.path("missing").asInt()).isZero();
            assertThat(summary.path("duplicated").asInt()).isZero();
            assertThat(summary.path("outOfOrder").asInt()).isZero();
            assertThat(summary.path("staleReadsWithToken").asInt()).isZero();
        }
        assertThat(lastLine(second.output())).contains("\"written\":100");
    }

    private static String lastLine(String output) {
        return output.lines().reduce((before, last) -> last).orElse("");
    }
}
