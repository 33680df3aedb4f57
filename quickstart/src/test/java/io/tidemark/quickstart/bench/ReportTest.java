// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.quickstart.measure.Quantiles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ReportTest {

    private static final Machine MACHINE = new Machine(
            2, OptionalDouble.of(0.5), "Linux 6.1 amd64", "17.0.9", "ext4", "0.1.0", "18.6", "4.3.1", "-Xmx256m");
    private static final BenchSettings SETTINGS =
            new BenchSettings(1000, 500, 50, Duration.ofSeconds(2), Path.of("/tmp"));
    private static final Quantiles QUANTILES = new Quantiles(99, 4.56, 12.3, 45.6);

    private static Report report(OptionalDouble rate, OptionalLong memory, Tally.Counts counts) {
        return new Report(
                MACHINE,
                SETTINGS,
                new Report.Drain(1000, 0.5, rate, rate, 3.25, rate),
                new Report.Paced(100, 49.8, QUANTILES),
                new Report.Busy(48.2, QUANTILES),
                new Quantiles(0, 0, 0, 0),
                memory,
                counts);
    }

    @Test
    void printsMachineAndMeasurements() {
        Report report = report(OptionalDouble.of(2000.4), OptionalLong.of(300L << 20), new Tally.Counts(1200, 0, 0, 0));

        assertThat(report.toText()).isEqualTo("""
                        Results for this machine only: servers, relay, writers and readers share its cores.

                        machine    2 cores (load 0.5 at the start), Linux 6.1 amd64, JDK 17.0.9, data on ext4
                        versions   tidemark 0.1.0, Postgres 18.6, Kafka 4.3.1; one broker, 4 partitions; relay with -Xmx256m
                        payload    500 bytes; one event per transaction

                        drain      2000 events/s, 2000 events/s in the second half
                                   1000 events were waiting; 3.3 s from the start of the relay to the last event, 2000.4 s of CPU time
                        paced      p50 4.6 ms, p99 12.3 ms, max 45.6 ms from commit to readable
                                   100 events at 50/s; the requested rate was 50/s
                        watermark  p50 4.6 ms, p99 12.3 ms, max 45.6 ms from commit to success
                                   tokens: 99, with 48 events/s at the same time
                        idle       no measurements from commit to success
                                   tokens: 0, with no events at the same time
                        relay      at most 300 MiB resident
                        events     written 1200, missing 0, duplicated 0, out of order 0
                        """);
        assertThat(report.isClean()).isTrue();
    }

    @Test
    void omitsUnknownValuesInJson() throws Exception {
        Report report = report(OptionalDouble.empty(), OptionalLong.empty(), new Tally.Counts(1200, 0, 0, 0));

        JsonNode json = new ObjectMapper().readTree(report.toJson());

        assertThat(json.has("relayPeakResidentBytes")).isFalse();
        assertThat(json.path("drain").fieldNames())
                .toIterable()
                .containsExactly("events", "seconds", "secondsFromStart");
        assertThat(json.path("idleWatermark").fieldNames()).toIterable().containsExactly("tokens");
        assertThat(json.path("watermark").path("p99Millis").asDouble()).isEqualTo(12.3);
        assertThat(report.toText()).contains("too few events for a rate").doesNotContain("resident", "CPU");
    }

    @Test
    void isNotCleanWithOneEventMissing() {
        Report report = report(OptionalDouble.empty(), OptionalLong.empty(), new Tally.Counts(1200, 1, 0, 0));

        assertThat(report.isClean()).isFalse();
        assertThat(report.toText()).contains("missing 1, duplicated 0");
    }
}
