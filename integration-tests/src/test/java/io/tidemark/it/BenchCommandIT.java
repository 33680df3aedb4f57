// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.quickstart.Quickstart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code tidemark bench} as a process, with its own servers: its output and its files, not its speed. */
class BenchCommandIT {

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path dir;

    private record Result(int exitCode, String out, String err) {}

    private Result bench(String... options) throws IOException, InterruptedException {
        Path out = dir.resolve("out.txt");
        Path err = dir.resolve("err.txt");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Quickstart.class.getName(),
                "bench"));
        command.addAll(List.of(options));
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        try {
            assertThat(process.waitFor(180, TimeUnit.SECONDS)).isTrue();
            return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
        } finally {
            process.destroy();
        }
    }

    @Test
    void countsEveryEventAndPrintsOneJsonObject() throws Exception {
        Path data = Files.createDirectory(dir.resolve("data"));

        Result result =
                bench("--events=300", "--payload=100B", "--rate=50", "--duration=1s", "--json", "--dir=" + data);

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out().lines()).as("standard output").hasSize(1);
        JsonNode json = new ObjectMapper().readTree(result.out());
        assertThat(json.path("settings"))
                .hasToString("{\"events\":300,\"payloadBytes\":100,\"ratePerSecond\":50,"
                        + "\"durationSeconds\":1.0,\"partitions\":4}");
        assertThat(json.path("drain").path("events").asInt()).isEqualTo(300);
        assertThat(json.path("paced").path("events").asInt()).isBetween(1, 50);
        for (String part : List.of("paced", "watermark", "idleWatermark")) {
            assertThat(json.path(part).fieldNames()).toIterable().contains("p50Millis", "p99Millis", "maxMillis");
        }
        assertThat(json.path("machine").fieldNames()).toIterable().contains("cores", "fileSystem", "relayJvm");
        assertThat(json.path("versions").fieldNames()).toIterable().containsExactly("tidemark", "postgres", "kafka");
        assertThat(json.path("written").asInt()).isGreaterThan(300);
        assertThat(json.path("missing").asInt(-1)).isZero();
        assertThat(json.path("duplicated").asInt(-1)).isZero();
        assertThat(json.path("outOfOrder").asInt(-1)).isZero();
        assertThat(filesIn(data)).as("remaining files").isEmpty();
    }

    private static List<Path> filesIn(Path dir) throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.toList();
        }
    }
}
