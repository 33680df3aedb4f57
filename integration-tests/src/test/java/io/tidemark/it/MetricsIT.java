// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.PoisonSource;
import io.tidemark.it.harness.PoisonSource.Row;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.Tokens;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The metrics of an active relay and of a standby, on real servers, during several faults. */
class MetricsIT {

    private final Random random = new Random(3);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path directory;

    private PoisonSource source;

    @BeforeEach
    void create() throws Exception {
        source = PoisonSource.create("metrics");
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    /** Values by series. */
    private static Map<String, Double> scrape(RelayProcess relay) throws Exception {
        Map<String, Double> series = new TreeMap<>();
        for (String line : relay.metrics().lines().toList()) {
            if (!line.startsWith("#") && !line.isBlank()) {
                int space = line.lastIndexOf(' ');
                series.put(line.substring(0, space), Double.parseDouble(line.substring(space + 1)));
            }
        }
        return series;
    }

    private static double value(Map<String, Double> series, String name) {
        return series.getOrDefault(name, Double.NaN);
    }

    private static String projection(String metric) {
        return "tidemark_projection_" + metric + "{projection=\"view\"}";
    }

    private static String position(String stage) {
        return "tidemark_wal_position_bytes{stage=\"" + stage + "\"}";
    }

    private Token token() throws Exception {
        try (Connection connection = source.source().connect()) {
            return Tokens.current(connection);
        }
    }

    @Test
    void showTheStateOfTheActiveReplicaAndOfTheStandby() throws Exception {
        try (RelayProcess active = RelayProcess.startWithDeadLetters(source, RelayProcess.Launch.PLAIN)
                        .awaitRunning();
                RelayProcess standby = RelayProcess.startWithDeadLetters(source, RelayProcess.Launch.PLAIN)
                        .awaitState("standby")) {
            source.commit(Row.good(random), Row.withoutPayload(random), Row.good(random));
            await().until(() -> active.get("/v1/projections").has("projections")); // serves
            String asked = active.get("/v1/projections/view/watermark?strict=false&wait=300ms&token=" + token())
                    .path("status")
                    .asText();
            source.source().execute("create table noise as select generate_series(1, 20000)"); // WAL without events

            await().untilAsserted(() -> {
                Map<String, Double> now = scrape(active);
                assertThat(now)
                        .containsEntry("tidemark_role{role=\"active\"}", 1.0)
                        .containsEntry("tidemark_role{role=\"standby\"}", 0.0)
                        .containsEntry("tidemark_source_up", 1.0)
                        .containsEntry("tidemark_slot_status{status=\"reserved\"}", 1.0)
                        .containsEntry("tidemark_slot_status{status=\"lost\"}", 0.0)
                        .containsEntry("tidemark_slot_active", 1.0)
                        .containsEntry("tidemark_events_published_total", 3.0)
                        .containsEntry("tidemark_dead_letters_total", 1.0)
                        .containsEntry("tidemark_takeovers_total", 0.0)
                        .containsEntry("tidemark_commit_to_ack_seconds_count", 1.0)
                        .containsEntry("tidemark_watermarks_serving", 1.0)
                        .containsEntry("tidemark_waiting_requests", 0.0)
                        .containsEntry(
                                "tidemark_wait_requests_total{outcome=\"" + asked + "\",projection=\"view\"}", 1.0)
                        .containsEntry("tidemark_wait_duration_seconds_count{outcome=\"" + asked + "\"}", 1.0)
                        .containsEntry(projection("lag_records"), 2.0)
                        .containsEntry(projection("members"), 0.0)
                        .containsEntry("tidemark_projection_state{projection=\"view\",state=\"stopped\"}", 1.0);
                assertThat(now.get(projection("lag_seconds"))).isPositive();
                assertThat(now.get("tidemark_commit_to_ack_seconds_sum")).isBetween(0.0, 30.0);
                assertThat(now.get("tidemark_slot_retained_bytes")).isPositive();
                assertThat(now.get("tidemark_index_pairs")).isPositive();
                assertThat(now.get("tidemark_view_age_seconds")).isBetween(0.0, 5.0);
                assertThat(now.get(position("head"))).isGreaterThan(now.get(position("published")));
                assertThat(now.get("tidemark_slot_unconfirmed_bytes"))
                        .isEqualTo(value(now, position("head")) - value(now, position("confirmed")));
                // the WAL has advanced without events, and nothing is outstanding
                assertThat(now)
                        .containsEntry("tidemark_capture_lag_seconds", 0.0)
                        .containsEntry("tidemark_publish_lag_seconds", 0.0);
                assertThat(now).containsKey("process_start_time_seconds").containsKey("tidemark_http_threads");
                assertThat(now.get("tidemark_http_request_duration_seconds_count{code=\"2xx\","
                                + "route=\"/v1/projections/{name}/watermark\"}"))
                        .isEqualTo(1.0);
            });
            await().untilAsserted(() -> {
                Map<String, Double> now = scrape(standby);
                assertThat(now)
                        .containsEntry("tidemark_role{role=\"active\"}", 0.0)
                        .containsEntry("tidemark_role{role=\"standby\"}", 1.0)
                        .containsEntry("tidemark_slot_status{status=\"reserved\"}", 1.0)
                        .containsEntry("tidemark_events_published_total", 0.0)
                        .containsEntry(projection("lag_records"), 2.0)
                        .doesNotContainKey("tidemark_publish_lag_seconds")
                        .doesNotContainKey(position("captured"));
                assertThat(now.get(position("published")))
                        .isEqualTo(scrape(active).get(position("published")));
                assertThat(now.get("tidemark_slot_retained_bytes")).isPositive();
            });
            assertSound(active.metrics());

            active.kill();
            standby.awaitRunning();

            await().untilAsserted(() -> assertThat(scrape(standby))
                    .containsEntry("tidemark_role{role=\"active\"}", 1.0)
                    .containsEntry("tidemark_takeovers_total", 1.0)
                    .containsEntry("tidemark_publish_lag_seconds", 0.0));
        }
    }

    /** Every series belongs to a declared metric, and no name is declared twice. */
    private static void assertSound(String text) {
        Set<String> declared = new HashSet<>();
        for (String line : text.lines().toList()) {
            if (line.startsWith("# TYPE ")) {
                assertThat(declared.add(line.split(" ", -1)[2])).as(line).isTrue();
            } else if (!line.startsWith("#")) {
                String name = line.split("[{ ]", -1)[0];
                assertThat(declared)
                        .as(line)
                        .containsAnyElementsOf(List.of(name, name.replaceFirst("_(bucket|sum|count)$", "")));
            }
        }
        assertThat(declared).contains("tidemark_role", "tidemark_commit_to_ack_seconds", "jvm_memory_used_bytes");
    }

    /** Like a Kafka that hangs in a commit: the publishing thread cannot report, and nothing fails. */
    @Test
    void showAHangingCommitAsLag() throws Exception {
        Path hold = Files.createFile(directory.resolve("hold"));
        RelayProcess.Launch launch = new RelayProcess.Launch(
                List.of(
                        "-Dio.tidemark.failpoints=before-commit=hold",
                        "-Dio.tidemark.failpoints.hold=" + hold.toAbsolutePath()),
                Map.of());
        try (RelayProcess relay =
                RelayProcess.startWithDeadLetters(source, launch).awaitRunning()) {
            source.commit(Row.good(random), Row.good(random));

            await().untilAsserted(() -> assertThat(scrape(relay).get("tidemark_publish_lag_seconds"))
                    .isGreaterThan(6));
            assertThat(scrape(relay))
                    .containsEntry("tidemark_events_published_total", 0.0)
                    .containsEntry("tidemark_capture_lag_seconds", 0.0);

            Files.delete(hold);

            await().untilAsserted(() -> assertThat(scrape(relay))
                    .containsEntry("tidemark_events_published_total", 2.0)
                    .containsEntry("tidemark_publish_lag_seconds", 0.0));
        }
    }

    /** No series keeps an outdated value. */
    @Test
    void showAMissingSlot() throws Exception {
        try (RelayProcess relay = RelayProcess.startWithDeadLetters(source, RelayProcess.Launch.PLAIN)
                .awaitRunning()) {
            await().until(() -> scrape(relay).getOrDefault("tidemark_slot_status{status=\"reserved\"}", 0.0) == 1);
            source.source() // without a position, a missing slot counts as never created
                    .execute("select outbox.publish('order', '1', 't', 'x')");
            await().until(() -> scrape(relay).getOrDefault("tidemark_events_published_total", 0.0) >= 1);
            String slot = source.source().name();
            await().ignoreExceptions().until(() -> {
                source.source()
                        .execute(
                                "select pg_terminate_backend(active_pid, 5000) from pg_replication_slots where slot_name = '"
                                        + slot + "' and active",
                                "select pg_drop_replication_slot('" + slot + "')");
                return true;
            });

            await().untilAsserted(() -> assertThat(scrape(relay))
                    .containsEntry("tidemark_slot_status{status=\"missing\"}", 1.0)
                    .containsEntry("tidemark_slot_status{status=\"reserved\"}", 0.0)
                    .containsEntry("tidemark_role{role=\"halted\"}", 1.0)
                    .containsEntry("tidemark_restarts_total{reason=\"capture\"}", 1.0)
                    .doesNotContainKey("tidemark_slot_retained_bytes"));
            assertThat(scrape(relay).get("tidemark_errors_total{reason=\"halted\"}"))
                    .isPositive();
        }
    }
}
