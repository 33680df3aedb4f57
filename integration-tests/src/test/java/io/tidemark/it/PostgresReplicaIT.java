// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.it.harness.FailoverPair;
import io.tidemark.it.harness.OpenApi;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.Servers;
import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.Lsn;
import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.quickstart.stack.PostgresServer;
import io.tidemark.quickstart.stack.PostgresStandby;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads from a physical standby of the database: has it replayed up to a token? */
class PostgresReplicaIT {

    @TempDir
    Path dir;

    private static String write(TestSource source, String aggregateId) throws Exception {
        source.execute("select outbox.publish('order', '" + aggregateId + "', 't', 'x')");
        return source.query("select outbox.token()");
    }

    private static HttpResponse<String> send(RelayProcess relay, String query) throws Exception {
        return relay.send("/v1/replicas/eu/watermark?token=" + query);
    }

    private static JsonNode ask(RelayProcess relay, String query) throws Exception {
        return OpenApi.of(relay)
                .hold(relay.get("/v1/replicas/eu/watermark?strict=false&token=" + query), "ReplicaAnswer");
    }

    private static void pauseReplay(Servers standby, boolean pause) throws Exception {
        try (Connection connection = standby.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("select pg_wal_replay_" + (pause ? "pause" : "resume") + "()");
        }
    }

    @Test
    void answersOnceTheStandbyHasReplayedTheWrite() throws Exception {
        try (FailoverPair pair = FailoverPair.create(dir, Map.of(), Map.of())) {
            Servers standby = pair.standby();
            TestSource source = pair.source().readFrom("eu", standby);
            try (RelayProcess relay = RelayProcess.start(source).awaitRunning()) {
                JsonNode success = ask(relay, write(source, "1") + "&wait=20s");
                assertThat(success.path("status").asText()).isEqualTo("success");
                assertThat(success.path("timeline").asInt()).isEqualTo(1);

                // On an idle database, only a nudge shows that the standby has the last WAL.
                source.execute("set synchronous_commit = off; create table unrelated (n int)");
                assertThat(ask(relay, source.query("select outbox.token()") + "&wait=20s")
                                .path("status")
                                .asText())
                        .isEqualTo("success");

                pauseReplay(standby, true);
                String unseen = write(source, "2");
                JsonNode timeout = ask(relay, unseen + "&wait=300ms");
                assertThat(timeout.path("status").asText()).isEqualTo("timeout");
                assertThat(timeout.path("phase").asText()).isEqualTo("replica");
                assertThat(Lsn.parse(timeout.path("replayed").asText()))
                        .isLessThan(Lsn.parseFixedWidth(unseen.replaceFirst(".*\\.", "")));
                assertThat(ask(relay, unseen).path("status").asText()).isEqualTo("timeout");
                assertThat(send(relay, unseen).statusCode()).isEqualTo(412);
                assertThat(send(relay, unseen + "&strict=false").statusCode()).isEqualTo(200);
                CompletableFuture<JsonNode> waiting = CompletableFuture.supplyAsync(() -> {
                    try {
                        return ask(relay, unseen + "&wait=25s");
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                });
                pauseReplay(standby, false);
                assertThat(waiting.get().path("status").asText()).isEqualTo("success");

                refusesImpossibleTokens(relay, source);
                pair.promote(); // while the primary is still running
                assertThat(ask(relay, unseen + "&wait=20s").path("status").asText())
                        .isEqualTo("unknown");
            }
        }
    }

    private static void refusesImpossibleTokens(RelayProcess relay, TestSource source) throws Exception {
        assertThat(ask(relay, "tm1.ffffffff.1.0000000000000001&wait=20s")
                        .path("status")
                        .asText())
                .isEqualTo("foreign");
        assertThat(ask(relay, "tm1." + source.sourceId() + ".1.00FFFFFFFFFFFFFF&wait=20s")
                        .path("status")
                        .asText())
                .isEqualTo("ahead");
        assertThat(send(relay, "abc").statusCode()).isEqualTo(400);
        assertThat(relay.send("/v1/replicas/eu/watermark").body()).contains("token is missing");
        assertThat(relay.send("/v1/replicas/us/watermark?token=x").body())
                .contains("no replica 'us'; configured are [eu]");
    }

    @Test
    void answersTokensOfAnEarlierTimelineAndReportsAnUnreachableStandby() throws Exception {
        try (FailoverPair pair = FailoverPair.create(dir, Map.of(), Map.of())) {
            TestSource before = pair.source();
            String kept;
            String lost;
            try (RelayProcess relay = RelayProcess.start(before).awaitRunning()) {
                pair.awaitSyncedSlot();
                kept = write(before, "kept");
                pair.awaitReceived(Lsn.parseFixedWidth(kept.replaceFirst(".*\\.", "")));
                await().until(() -> relay.published().isAtLeast(Lsn.parseFixedWidth(kept.replaceFirst(".*\\.", ""))));
            }
            pair.cutStandbyOff();
            lost = write(before, "lost");
            pair.failOver();
            Servers second = pair.followPromoted();
            TestSource source = before.readFrom("eu", second);

            try (RelayProcess relay = RelayProcess.start(source).awaitRunning()) {
                JsonNode success = ask(relay, kept + "&wait=20s");
                assertThat(success.path("status").asText()).isEqualTo("success");
                assertThat(success.path("timeline").asInt()).isEqualTo(2);
                JsonNode diverged = ask(relay, lost + "&wait=20s");
                assertThat(diverged.path("status").asText()).isEqualTo("diverged");
                assertThat(diverged.path("reason").asText()).contains("left that timeline at " + pair.switchPoint());
                JsonNode younger = ask(relay, lost.replaceFirst("\\.1\\.", ".3.") + "&wait=200ms");
                assertThat(younger.path("status").asText()).isEqualTo("timeout");
                assertThat(younger.path("reason").asText()).contains("newer timeline");
                String after = write(source, "after");
                assertThat(ask(relay, after + "&wait=20s").path("status").asText())
                        .isEqualTo("success");

                pair.stopFollower();

                HttpResponse<String> away = send(relay, after + "&wait=2s");
                assertThat(away.statusCode()).isEqualTo(503);
                assertThat(away.body()).contains("replica eu cannot be asked");
            }
        }
    }

    /** Postgres 19 and newer: {@code -Dpostgres.home} names one. */
    @Test
    void usesWaitForIfTheStandbySupportsIt() throws Exception {
        try (FailoverPair pair = FailoverPair.create(dir, Map.of(), Map.of())) {
            Servers standby = pair.standby();
            TestSource source = pair.source().readFrom("eu", standby);
            Assumptions.assumeTrue(Integer.parseInt(source.query("show server_version_num")) >= 190_000);
            try (RelayProcess relay = RelayProcess.start(source).awaitRunning()) {
                ask(relay, write(source, "1") + "&wait=20s");
                pauseReplay(standby, true);
                String token = write(source, "2");

                CompletableFuture<JsonNode> asked = CompletableFuture.supplyAsync(() -> {
                    try {
                        return ask(relay, token + "&wait=60s");
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                });

                await("the server to wait")
                        .pollInterval(Duration.ofMillis(1))
                        .until(() -> isWaitingItself(standby, token));
                pauseReplay(standby, false);
                assertThat(asked.get().path("status").asText()).isEqualTo("success");
            }
        }
    }

    private static boolean isWaitingItself(Servers standby, String token) throws Exception {
        String lsn = Lsn.parseFixedWidth(token.replaceFirst(".*\\.", "")).toString();
        try (Connection connection = standby.connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "select exists (select from pg_stat_activity where query like 'WAIT FOR LSN ''" + lsn + "''%'"
                                + " and state = 'active')")) {
            row.next();
            return row.getBoolean(1);
        }
    }

    /** For example a server restored from a copy, with its own standbys and the same outbox. */
    @Test
    void returnsUnknownForTheStandbyOfAnotherServer() throws Exception {
        TestSource source = TestSource.create("foreign");
        try (PostgresServer other = PostgresServer.start(dir.resolve("other"), FreePorts.next(), Map.of())) {
            other.createDatabase(source.name());
            try (Connection connection = other.connect(source.name());
                    Statement statement = connection.createStatement()) {
                statement.execute("create schema outbox");
                statement.execute("create table outbox.source as select '" + source.sourceId() + "'::text as id");
            }
            try (PostgresServer standby = PostgresStandby.start(
                            other, FailoverPair.STANDBY, dir.resolve("standby"), FreePorts.next(), Map.of());
                    RelayProcess relay = RelayProcess.start(source.readFrom("eu", Servers.with(standby)))
                            .awaitRunning()) {
                JsonNode answer = ask(relay, "tm1." + source.sourceId() + ".1.0000000000000001&wait=20s");

                assertThat(answer.path("status").asText()).isEqualTo("unknown");
                assertThat(answer.path("reason").asText()).contains("a copy of another server", "postgres.replicas");
            }
        } finally {
            source.close();
        }
    }

    @Test
    void followsAStandbyThroughAFailoverDuringAWait() throws Exception {
        try (FailoverPair pair = FailoverPair.create(dir, Map.of(), Map.of())) {
            TestSource source = pair.source().readFrom("eu", pair.secondStandby());
            try (RelayProcess relay = RelayProcess.start(source).awaitRunning()) {
                String kept = write(source, "kept");
                assertThat(ask(relay, kept + "&wait=20s").path("timeline").asInt())
                        .isEqualTo(1);
                pair.awaitReceived(Lsn.parseFixedWidth(kept.replaceFirst(".*\\.", "")));
                pair.cutBothOff();
                String lost = write(source, "lost");
                CompletableFuture<Void> asking = CompletableFuture.runAsync(() -> await().until(() ->
                        ask(relay, lost + "&wait=5s").path("status").asText().equals("diverged")));

                pair.failOver();
                pair.repointSecond();

                asking.get();
                JsonNode success = ask(relay, kept + "&wait=20s");
                assertThat(success.path("status").asText()).isEqualTo("success");
                assertThat(success.path("timeline").asInt()).isEqualTo(2);
            }
        }
    }
}
