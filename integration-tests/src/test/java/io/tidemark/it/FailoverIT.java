// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.it.guarantee.Evidence;
import io.tidemark.it.harness.FailoverPair;
import io.tidemark.it.harness.GroupConsumer;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TestSource.CommittedEvent;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.it.harness.Workload;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.health.RelayState.Phase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.check.SourceCheck;
import io.tidemark.relay.timeline.TimelineReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Postgres fails over to a standby. If the standby has everything that was published, the relay continues. If not, it
 * halts and names the missing range.
 */
class FailoverIT {

    /** With this, Postgres sends the relay only WAL that the standby has. */
    private static final Map<String, String> WAITS_FOR_STANDBY =
            Map.of("synchronized_standby_slots", FailoverPair.STANDBY);

    @TempDir
    private Path dir;

    @Test
    void continuesOnThePromotedStandbyAndMissesNothing() throws Exception {
        assumeTrue(FailoverPair.canSyncSlots(), "failover slots need Postgres 17");
        try (FailoverPair pair = FailoverPair.create(dir, WAITS_FOR_STANDBY, Map.of())) {
            TestSource source = pair.source();
            source.execute("alter role tidemark_relay password 'relay'");
            RelayConfiguration config = asRelayRole(source);
            try (RunningRelay relay = RunningRelay.startAndAwait(config)) {
                pair.awaitSyncedSlot();
                Workload before = Workload.start(source, 1, 3, 20);
                awaitMorePublished(relay);
                pair.failOver();
                before.abandon();
                await().until(() -> timeline(relay) == 2);
                relay.awaitPhase(Phase.RUNNING);
                source.execute(
                        "select pg_create_logical_replication_slot('" + source.name() + "_truth', 'test_decoding')");
                try (Workload after = Workload.start(source, 2, 3, 20)) {
                    awaitMorePublished(relay);
                }

                TestSource old = pair.restartOldPrimary();
                Lsn switchPoint = pair.switchPoint();
                List<CommittedEvent> committed = new ArrayList<>(old.committedEvents());
                committed.removeIf(event -> event.commitLsn().isAfter(switchPoint));
                committed.addAll(source.committedEvents());
                List<ReadEvent> read = TopicReader.readUntil(
                        source.servers(), source.name() + ".", events -> events.size() >= committed.size());

                assertThat(source.query("select count(*) from audit.entry")).isEqualTo("" + committed.size());
                new Evidence(committed, read).check("switched at " + switchPoint);
                assertThat(read.stream()
                                .map(event -> event.position().timeline())
                                .collect(Collectors.toSet()))
                        .containsExactlyInAnyOrder(1, 2);
                relay.close();
                assertThat(RunningRelay.haltReason(asRelayRole(old)))
                        .contains("published on timeline 2", "the database is on timeline 1, an older one");
            }
        }
    }

    private static RelayConfiguration asRelayRole(TestSource source) throws Exception {
        Path file = source.configFile();
        String yaml = Files.readString(file)
                .replace("user: " + source.servers().user(), "user: tidemark_relay")
                .replace("password: \"" + source.servers().password() + "\"", "password: relay");
        return ConfigurationFile.read(Files.writeString(file, yaml));
    }

    @Test
    void haltsAndNamesThePublishedRangeThatTheStandbyNeverReceived() throws Exception {
        try (FailoverPair pair = FailoverPair.create(dir, Map.of(), Map.of());
                RunningRelay relay = RunningRelay.startAndAwait(pair.source().configuration())) {
            pair.awaitSyncedSlot();
            relay.publish(pair.source(), "kept");
            pair.awaitReceived(relay.state().published());
            pair.cutStandbyOff();
            relay.publish(pair.source(), "lost");
            Lsn lost = TopicReader.readAll(
                            pair.source().servers(), pair.source().name() + ".")
                    .stream()
                    .filter(event -> event.key().equals("lost"))
                    .map(event -> event.position().commitLsn())
                    .findFirst()
                    .orElseThrow();

            pair.failOver();

            String reason = String.valueOf(relay.awaitPhase(Phase.HALTED).reason());
            assertThat(reason)
                    .contains(
                            "left timeline 1 at " + pair.switchPoint(),
                            "(" + pair.switchPoint() + ", " + lost + "]",
                            "no longer in the database");
        }
    }

    @Test
    void judgesTokensOfTheOldTimelineByItsHistory() throws Exception {
        try (FailoverPair pair = FailoverPair.create(dir, Map.of(), Map.of())) {
            TestSource source = pair.source();
            Lsn published;
            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
                pair.awaitSyncedSlot();
                relay.publish(source, "kept");
                published = relay.state().published();
            }
            source.execute("select outbox.publish('order', 'kept too', 't', 'x')");
            String kept = source.query("select outbox.token()");
            pair.awaitReceived(Lsn.max(published, Lsn.parseFixedWidth(kept.replaceFirst(".*\\.", ""))));
            pair.cutStandbyOff();
            source.execute("select outbox.publish('order', 'lost', 't', 'x')");
            String lost = source.query("select outbox.token()");
            pair.failOver();

            try (RelayProcess relay = RelayProcess.start(source).awaitRunning();
                    GroupConsumer group = GroupConsumer.start(source, 0)) {
                assertThat(ask(relay, kept + "&wait=20s").path("status").asText())
                        .isEqualTo("success");
                assertThat(group.processed()).isEqualTo(2);
                JsonNode diverged = ask(relay, lost + "&wait=20s");
                assertThat(diverged.path("status").asText()).isEqualTo("diverged");
                assertThat(diverged.path("reason").asText())
                        .contains("left that timeline at " + pair.switchPoint(), "timeline 2");
                assertThat(relay.send("/v1/projections/view/watermark?token=" + lost)
                                .statusCode())
                        .isEqualTo(409);
                continuesWithoutTheLostPart(source, relay, lost);
                gateReplacesTheCookie(relay, lost, diverged.path("token").asText());
                try (Connection connection = source.connect()) {
                    TimelineReader reader = new TimelineReader(source.database().serverOf(connection));
                    SourceIdentity identity = SourceCheck.ready(source.database(), OutboxConfig.DEFAULT, connection);
                    assertThat(reader.read(identity).sharedUpTo(1)).contains(pair.switchPoint());
                    SourceIdentity elsewhere = new SourceIdentity(
                            identity.sourceId(), identity.systemIdentifier(), identity.database(), 3);
                    assertThatThrownBy(() -> reader.read(elsewhere)).hasMessageContaining("leads to two servers");
                }
                String later = lost.replaceFirst("\\.1\\.", ".3.");
                assertThat(ask(relay, later).path("status").asText()).isEqualTo("unknown");
            }
        }
    }

    @Test
    void continuesWhenOnlyProgressWasPublishedThatTheStandbyNeverReceived() throws Exception {
        try (FailoverPair pair = FailoverPair.create(dir, Map.of(), Map.of());
                RunningRelay relay = RunningRelay.startAndAwait(pair.source().configuration())) {
            pair.awaitSyncedSlot();
            relay.publish(pair.source(), "kept");
            pair.awaitReceived(relay.state().published());
            pair.cutStandbyOff();
            Lsn nudge = Lsn.parse(pair.source().query("select outbox.nudge()::text"));
            await().until(() -> relay.state().published().isAtLeast(nudge));

            pair.failOver();

            await().until(() -> timeline(relay) == 2 && relay.state().phase() == Phase.RUNNING);
            relay.publish(pair.source(), "later");
            assertThat(TopicReader.readAll(
                            pair.source().servers(), pair.source().name() + "."))
                    .extracting(ReadEvent::key)
                    .containsExactlyInAnyOrder("kept", "later");
        }
    }

    /** Otherwise the browser would send the lost part with every request. A token in a header is not the gate's. */
    private static void gateReplacesTheCookie(RelayProcess relay, String lost, String left) throws Exception {
        HttpRequest.Builder gate = HttpRequest.newBuilder(URI.create(relay.url() + "/v1/gate/view?wait=20s"));
        HttpRequest.Builder strict =
                HttpRequest.newBuilder(URI.create(relay.url() + "/v1/gate/view?wait=20s&otherwise=fail"));
        String cookie = "Tidemark-Token=" + lost;
        String replaced = "Tidemark-Token=" + left + "; Path=/; HttpOnly; SameSite=Lax; Max-Age=300";

        HttpResponse<String> passed = send(gate.copy().header("Cookie", cookie));
        HttpResponse<String> refused = send(strict.copy().header("Cookie", cookie));

        assertThat(passed.statusCode()).isEqualTo(200);
        assertThat(passed.headers().firstValue("Tidemark-Status")).hasValue("diverged");
        assertThat(passed.headers().firstValue("Set-Cookie")).hasValue(replaced);
        assertThat(refused.statusCode()).isEqualTo(409);
        assertThat(refused.headers().firstValue("Set-Cookie")).hasValue(replaced);
        assertThat(send(gate.copy().header("Cookie", cookie + "~tm2.x"))
                        .headers()
                        .firstValue("Set-Cookie"))
                .as("a part that a newer relay may read")
                .isEmpty();
        HttpResponse<String> byHeader =
                send(gate.copy().header("Tidemark-Token", lost).header("Cookie", "Tidemark-Token=" + left));
        assertThat(byHeader.headers().firstValue("Tidemark-Status")).hasValue("diverged");
        assertThat(byHeader.headers().firstValue("Set-Cookie")).isEmpty();
        assertThat(send(gate.copy().header("Cookie", "Tidemark-Token=" + left))
                        .headers()
                        .firstValue("Tidemark-Status"))
                .hasValue("success");
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /** The writer did not notice the failover, and has written since. */
    private static void continuesWithoutTheLostPart(TestSource source, RelayProcess relay, String lost)
            throws Exception {
        source.execute("select outbox.publish('order', 'fresh', 't', 'x')");
        String fresh = source.query("select outbox.token()");

        JsonNode joined = ask(relay, lost + "~" + fresh + "&wait=20s");

        assertThat(joined.path("status").asText()).isEqualTo("diverged");
        assertThat(joined.path("sources").path(0).path("part").asText()).isEqualTo(lost);
        assertThat(joined.path("sources").path(0).path("status").asText()).isEqualTo("diverged");
        assertThat(joined.path("sources").path(1).path("status").asText()).isIn("success", "timeout");
        assertThat(joined.path("token").asText()).isEqualTo(fresh);
        assertThat(ask(relay, joined.path("token").asText() + "&wait=20s")
                        .path("status")
                        .asText())
                .isEqualTo("success");
    }

    private static JsonNode ask(RelayProcess relay, String query) throws Exception {
        return relay.get(path(query));
    }

    private static String path(String query) {
        return "/v1/projections/view/watermark?strict=false&token=" + query;
    }

    @Test
    void haltsWhenTheStandbyHasNoSlot() throws Exception {
        Map<String, String> withoutSync =
                FailoverPair.canSyncSlots() ? Map.of("sync_replication_slots", "off") : Map.of();
        try (FailoverPair pair = FailoverPair.create(dir, Map.of(), withoutSync)) {
            TestSource source = pair.source();
            Lsn published;
            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
                relay.publish(source, "kept");
                published = relay.state().published();
            }
            pair.awaitReceived(published);

            pair.failOver();

            assertThat(RunningRelay.haltReason(source.configuration()))
                    .contains("slot " + source.name() + " is gone", "events up to " + published, "may be missing");
        }
    }

    private static void awaitMorePublished(RunningRelay relay) {
        long goal = relay.state().published().value() + 300_000;
        await().until(() -> relay.state().published().value() > goal);
    }

    private static int timeline(RunningRelay relay) {
        return relay.state().identity().orElseThrow().timeline();
    }
}
