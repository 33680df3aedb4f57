package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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

/** The command line as processes: what it prints, and its exit codes. */
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
    void refusesABadConfigurationInOneSentence() throws Exception {
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
        assertThat(missing.output()).contains("there is no configuration file").doesNotContain("\tat ");
    }

    @Test
    void initChecksAndShowsASlot() throws Exception {
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
            assertThat(again.output()).contains("V1__schema.sql: there already");
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

    @Test
    void decodesTokens() {
        Result good = tidemark("token", "decode", "tm1.7f3a9c21.1.0000000A1B2C3D40");
        Result bad = tidemark("token", "decode", "tm9.x");

        assertThat(good).isEqualTo(new Result(0, "source=7f3a9c21 timeline=1 lsn=A/1B2C3D40\n"));
        assertThat(bad.exitCode()).isEqualTo(1);
        assertThat(bad.output()).contains("malformed token");
    }

    @Test
    void misuseExitsWithTwoAndHelp() {
        Result result = tidemark("fly");

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.output()).contains("Unmatched argument", "Usage: tidemark");
    }

    @Test
    void theDemoChecksItselfAndResumesOnTheSameData() throws Exception {
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
