// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import io.dropwizard.util.Duration;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.account.AuditStanding;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.group.GroupState;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.http.server.RequestFilter;
import io.tidemark.relay.source.SlotState;
import io.tidemark.relay.source.SourceStatus;
import io.tidemark.relay.watermark.ProjectionStanding;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * docs/metrics.md has every metric, and the metrics follow Prometheus' rules. Alerts and dashboard are checked against
 * it.
 */
class MetricsReferenceTest {

    private static final Path REFERENCE = Path.of("../docs/metrics.md");
    private static final String BEGIN = "<!-- metrics: begin -->\n";
    private static final String END = "<!-- metrics: end -->\n";
    private static final Pattern PROCESS_METRIC = Pattern.compile("`((?:jvm|process)_[a-z0-9_]+)`");

    private static final MetricsSnapshot SNAPSHOT = new MetricsSnapshot(
            RelayState.Phase.RUNNING,
            Optional.of(new Lsn(90)),
            new Lsn(80),
            Optional.of(new SourceStatus(
                    new Lsn(100),
                    new Lsn(100),
                    Optional.of(new SlotState(
                            new Lsn(70),
                            Lsn.ZERO,
                            "reserved",
                            OptionalInt.of(1),
                            OptionalLong.of(60),
                            OptionalLong.of(500))),
                    Optional.empty())),
            OptionalDouble.of(1.5),
            OptionalDouble.of(2.5),
            List.of(standing("orders-view", GroupState.LAGGING), standing("search", GroupState.UNKNOWN)),
            3,
            true,
            OptionalDouble.of(0.2),
            12,
            Optional.of(AuditStanding.UNKNOWN));

    private final PrometheusRegistry registry = new PrometheusRegistry();

    private static ProjectionStanding standing(String name, GroupState state) {
        ProjectionConfig projection = new ProjectionConfig(name, null, List.of("outbox.order"), Duration.minutes(1));
        return new ProjectionStanding(
                projection,
                new Lsn(70),
                new Lsn(80),
                List.of(),
                7,
                OptionalDouble.of(4.5),
                state,
                1,
                2,
                "",
                "group-running");
    }

    private static MetricRegistry dropwizard() {
        MetricRegistry dropwizard = new MetricRegistry();
        dropwizard.registerGauge("org.eclipse.jetty.util.thread.QueuedThreadPool.dw.size", () -> 8);
        dropwizard.registerGauge("org.eclipse.jetty.util.thread.QueuedThreadPool.dw.utilization", () -> 0.25);
        dropwizard.registerGauge("org.eclipse.jetty.util.thread.QueuedThreadPool.dw.jobs", () -> 0);
        dropwizard.meter("ch.qos.logback.core.Appender.error").mark(3);
        dropwizard.meter("ch.qos.logback.core.Appender.warn").mark(4);
        dropwizard.timer("io.dropwizard.jetty.MutableServletContextHandler.requests");
        return dropwizard;
    }

    private RelayCounters registerOurs(MetricsSnapshot snapshot) {
        RelayCounters counters = new RelayCounters(registry);
        RequestFilter requests = new RequestFilter(registry, List.of("orders-view"));
        requests.answered("/v1/projections/{name}/watermark", 200, 0.1);
        requests.count("success", "orders-view", 0.1);
        registry.register(new SnapshotGauges(() -> snapshot, "1.2.3"));
        DropwizardMetrics.register(dropwizard(), registry);
        return counters;
    }

    private String scrape() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrometheusTextFormatWriter.create().write(out, registry.scrape());
        return out.toString(StandardCharsets.UTF_8);
    }

    private static String labels(Exposition.Family family) {
        return String.join(
                ", ", family.labels().stream().map(label -> "`" + label + "`").toList());
    }

    private String table() throws IOException {
        StringBuilder table = new StringBuilder("| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n");
        Exposition.parse(scrape()).families().stream()
                .sorted((a, b) -> a.name().compareTo(b.name()))
                .forEach(family -> table.append("| `")
                        .append(family.name())
                        .append("` | ")
                        .append(family.type())
                        .append(" | ")
                        .append(labels(family))
                        .append(" | ")
                        .append(family.help())
                        .append(" |\n"));
        return table.toString();
    }

    /** {@code -Dmetrics.reference=write} writes the reference again. */
    @Test
    void referenceDescribesEveryMetric() throws IOException {
        RelayCounters counters = registerOurs(SNAPSHOT);
        counters.published(3, 1, System.currentTimeMillis());
        String page = Files.readString(REFERENCE);
        int begin = page.indexOf(BEGIN) + BEGIN.length();
        String expected = page.substring(0, begin) + table() + page.substring(page.indexOf(END));
        if (System.getProperty("metrics.reference", "check").equals("write")) {
            Files.writeString(REFERENCE, expected);
            return;
        }

        assertThat(page)
                .as("to update it: mvn test -pl relay-service -am -Dtest=MetricsReferenceTest"
                        + " -Dsurefire.failIfNoSpecifiedTests=false -Dmetrics.reference=write")
                .isEqualTo(expected);
    }

    @Test
    void referenceNamesOnlyProcessMetricsThatExist() throws IOException {
        JvmMetrics.builder().register(registry);
        Set<String> there = new TreeSet<>();
        Exposition.parse(scrape()).families().forEach(family -> there.add(family.name()));
        Set<String> named = new TreeSet<>();
        Matcher name = PROCESS_METRIC.matcher(Files.readString(REFERENCE));
        while (name.find()) {
            named.add(name.group(1));
        }

        assertThat(there).isNotEmpty().containsAll(named);
        assertThat(named).contains("process_start_time_seconds");
    }

    @Test
    void followsTheRulesOfNames() throws IOException {
        registerOurs(SNAPSHOT);
        JvmMetrics.builder().register(registry);
        Exposition exposition = Exposition.parse(scrape());

        assertThat(exposition.problems()).isEmpty();
        assertThat(exposition.families()).hasSizeGreaterThan(40);
    }

    @Test
    void rulesDetectViolations() {
        assertThat(Exposition.parse("# TYPE requests counter\nrequests 1\n").problems())
                .containsExactly("requests has no HELP", "requests is a counter");
        assertThat(Exposition.parse("# HELP lagMs x\n# TYPE lagMs gauge\nlagMs 1\n")
                        .problems())
                .containsExactly("lagMs is not in snake_case");
        assertThat(Exposition.parse("# HELP a_seconds_b_seconds x\n# TYPE a_seconds_b_seconds gauge\nb 1\n")
                        .problems())
                .containsExactly("b has no TYPE", "a_seconds_b_seconds has its unit twice");
    }

    @Test
    void promtoolFindsNothing() throws IOException, InterruptedException {
        Optional<Path> promtool = Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .map(directory -> Path.of(directory, "promtool"))
                .filter(Files::isExecutable)
                .findFirst();
        Assumptions.assumeTrue(promtool.isPresent(), "promtool is not on the PATH; followsTheRulesOfNames stands in");
        registerOurs(SNAPSHOT);
        JvmMetrics.builder().register(registry);
        Path text = Files.writeString(Files.createTempFile("metrics", ".txt"), scrape());

        Process process = new ProcessBuilder(promtool.get().toString(), "check", "metrics")
                .redirectInput(text.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(said).isEmpty();
        assertThat(process.exitValue()).isZero();
    }

    @Test
    void omitsSeriesOfUnknownValues() throws IOException {
        MetricsSnapshot unknown = new MetricsSnapshot(
                RelayState.Phase.STANDBY,
                Optional.empty(),
                Lsn.ZERO,
                Optional.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                List.of(standing("search", GroupState.UNKNOWN)),
                0,
                false,
                OptionalDouble.empty(),
                0,
                Optional.empty());
        registerOurs(unknown);

        String text = scrape();

        assertThat(text)
                .contains("tidemark_source_up 0.0\n")
                .contains("tidemark_role{role=\"standby\"} 1.0\n")
                .contains("tidemark_role{role=\"active\"} 0.0\n")
                .contains("tidemark_projection_state{projection=\"search\",state=\"unknown\"} 1.0\n")
                .doesNotContain("tidemark_publish_lag_seconds")
                .doesNotContain("tidemark_capture_lag_seconds")
                .doesNotContain("tidemark_wal_position_bytes")
                .doesNotContain("tidemark_slot_")
                .doesNotContain("tidemark_projection_lag");
    }

    @Test
    void reportsAMissingSlot() throws IOException {
        registry.register(new SnapshotGauges(
                () -> new MetricsSnapshot(
                        RelayState.Phase.HALTED,
                        Optional.empty(),
                        Lsn.ZERO,
                        Optional.of(new SourceStatus(new Lsn(-1), new Lsn(-1), Optional.empty(), Optional.empty())),
                        OptionalDouble.of(9),
                        OptionalDouble.of(9),
                        List.of(),
                        0,
                        false,
                        OptionalDouble.empty(),
                        0,
                        Optional.empty()),
                "1.2.3"));

        assertThat(scrape())
                .contains("tidemark_slot_status{status=\"missing\"} 1.0\n")
                .contains("tidemark_slot_status{status=\"lost\"} 0.0\n")
                .contains("tidemark_wal_position_bytes{stage=\"head\"} 1.8446744073709552E19\n")
                .contains("tidemark_role{role=\"halted\"} 1.0\n")
                .doesNotContain("tidemark_slot_unconfirmed_bytes");
    }

    @Test
    void countsRestartsSeparatelyFromFailedAttempts() throws IOException {
        RelayCounters counters = new RelayCounters(registry);

        counters.failed(FailureReason.KAFKA, false);
        counters.failed(FailureReason.KAFKA, true);

        assertThat(scrape())
                .contains("tidemark_errors_total{reason=\"kafka\"} 2.0\n")
                .contains("tidemark_restarts_total{reason=\"kafka\"} 1.0\n")
                .contains("tidemark_restarts_total{reason=\"fenced\"} 0.0\n");
    }

    /** A batch without events is progress, and has no latency. */
    @Test
    void timesTheOldestCommitOfABatch() throws IOException {
        RelayCounters counters = new RelayCounters(registry);

        counters.published(5, 2, System.currentTimeMillis() - 20_000);
        counters.published(0, 0, 0);
        counters.published(1, 0, System.currentTimeMillis() + 60_000); // the server's clock is ahead

        assertThat(scrape())
                .contains("tidemark_events_published_total 6.0\n")
                .contains("tidemark_batches_published_total 3.0\n")
                .contains("tidemark_dead_letters_total 2.0\n")
                .contains("tidemark_commit_to_ack_seconds_bucket{le=\"10.0\"} 1\n")
                .contains("tidemark_commit_to_ack_seconds_bucket{le=\"30.0\"} 2\n")
                .contains("tidemark_commit_to_ack_seconds_count 2\n");
    }
}
