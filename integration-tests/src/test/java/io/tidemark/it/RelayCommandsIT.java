// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.it.harness.GroupConsumer;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.Tokens;
import io.tidemark.quickstart.stack.ChildJvm;
import io.tidemark.relay.cli.TidemarkCli;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@code status}, {@code wait} and {@code explain} as processes, asking two relays: one active, one standby. */
class RelayCommandsIT {

    private static final String UNREACHABLE = "http://127.0.0.1:1";
    private static final String FOREIGN = "tm1.ffffffff.1.0000000000000001";
    private static final AtomicInteger RUNS = new AtomicInteger();

    private static TestSource source;
    private static RelayProcess active;
    private static RelayProcess standby;

    @BeforeAll
    static void start() throws Exception {
        source = TestSource.create("ask");
        active = RelayProcess.start(source, "watermark: {maxWaiters: 1}").awaitRunning();
        standby = RelayProcess.start(source).awaitState("standby");
        for (RelayProcess relay : List.of(active, standby)) {
            await("watermarks").until(() -> relay.send("/v1/projections").statusCode() == 200);
        }
    }

    @AfterAll
    static void stop() throws Exception {
        standby.close();
        active.close();
        source.close();
    }

    private record Result(int exitCode, String output) {

        JsonNode json() throws Exception {
            return new ObjectMapper().readTree(output);
        }
    }

    private static Result tidemark(String... arguments) {
        try (ChildJvm process = ChildJvm.start(
                "tidemark",
                TidemarkCli.class.getName(),
                List.of(arguments),
                List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                source.dir().resolve("ask-" + RUNS.incrementAndGet() + ".log"))) {
            return new Result(process.awaitExit(120), process.output());
        }
    }

    private static Token write(String aggregateType) throws Exception {
        try (Connection connection = source.connect()) {
            new OutboxWriter().publish(connection, OutboxEvent.of(aggregateType, "1", "t", "x"));
            return Tokens.current(connection);
        }
    }

    private static Token token() throws Exception {
        try (Connection connection = source.connect()) {
            return Tokens.current(connection);
        }
    }

    @Test
    void statusPrintsEachReplicaAndTheSlot() throws Exception {
        Result all = tidemark("status", "--url", UNREACHABLE, "--url", standby.url(), "--url", active.url(), "--json");
        Result table = tidemark("status", "--url", active.url(), "--fail-on", "inactive");
        Result standbyOnly = tidemark("status", "--url", standby.url(), "--fail-on", "inactive,lagging");
        Result unreachable = tidemark("status", "--url", UNREACHABLE);
        Result addresses = tidemark(
                "status",
                "--url",
                active.url().replace("127.0.0.1", "localhost"),
                "--each-address",
                "--fail-on",
                "inactive");

        assertThat(all.exitCode()).as(all.output()).isZero();
        JsonNode replicas = all.json().path("replicas");
        assertThat(replicas.path(0).path("error").asText()).isEqualTo("connection refused");
        assertThat(replicas.path(1).at("/source/role").asText()).isEqualTo("standby");
        assertThat(replicas.path(2).at("/source/role").asText()).isEqualTo("active");
        assertThat(replicas.path(2).at("/source/slot/walStatus").asText()).isEqualTo("reserved");
        assertThat(all.json().at("/projections/0/projection").asText()).isEqualTo("view");
        assertThat(table.exitCode()).as(table.output()).isZero();
        assertThat(table.output())
                .contains(
                        "active",
                        "running",
                        source.sourceId(),
                        "slot    " + source.name() + ": reserved, in use",
                        "view");
        assertThat(standbyOnly.exitCode()).isEqualTo(1);
        assertThat(standbyOnly.output()).contains("FINDING  inactive: none of the replicas asked is active");
        assertThat(unreachable.exitCode()).isEqualTo(2);
        assertThat(addresses.exitCode()).as(addresses.output()).isZero();
        assertThat(addresses.output()).contains(active.url());
        assertThat(unreachable.output()).contains("no relay answered; set the addresses of the relays with --url");
    }

    @Test
    void waitReturnsImmediatelyIfWaitingCannotHelp() throws Exception {
        Result foreign = tidemark("wait", "--projection", "view", "--token", FOREIGN, "--url", active.url(), "--json");
        Result unknown =
                tidemark("wait", "--projection", "nowhere", "--token", token().toString(), "--url", active.url());
        Result unreachable = tidemark(
                "wait", "--projection", "view", "--token", FOREIGN, "--timeout", "300ms", "--url", UNREACHABLE);

        assertThat(foreign.exitCode()).isEqualTo(1);
        assertThat(foreign.json().path("status").asText()).isEqualTo("foreign");
        assertThat(unknown.exitCode()).isEqualTo(2);
        assertThat(unknown.output()).contains(active.url() + ": HTTP 404: no projection 'nowhere'");
        assertThat(unreachable.exitCode()).isEqualTo(2);
        assertThat(unreachable.output()).contains(UNREACHABLE + ": connection refused");
    }

    /** In the order of its exit codes: with no consumer, after the relay has noticed that, and with a consumer. */
    @Test
    void waitTimesOutThenFailsFastThenSucceeds() throws Exception {
        String token = write("order").toString();
        String[] command = {"wait", "--projection", "view", "--token", token, "--url", active.url(), "--timeout"};

        // in this JVM: the group counts as stopped ten seconds after the write, and a process may need that time to
        // start
        assertThat(TidemarkCli.execute(with(command, "500ms", "--json"))).isEqualTo(3);

        String parked = "/v1/projections/view/watermark?strict=false&wait=6s&token=" + token;
        CompletableFuture<HttpResponse<String>> other = CompletableFuture.supplyAsync(() -> send(parked));
        await("its only waiter").until(() -> send(parked.replace("6s", "1ms")).statusCode() == 429);
        assertThat(TidemarkCli.execute(with(command, "1s"))).isEqualTo(3);
        Result retried = tidemark(with(command, "60s"));
        assertThat(other.join().statusCode()).isEqualTo(200);
        assertThat(retried.exitCode()).as(retried.output()).isEqualTo(1);
        assertThat(retried.output()).contains("stopped: ", source.topic("order"), "needs offset");
        Result stalled = tidemark("status", "--url", active.url(), "--fail-on", "lagging,stalled");
        assertThat(stalled.exitCode()).as(stalled.output()).isEqualTo(1);
        assertThat(stalled.output()).contains("FINDING  stalled: projection view is stopped");

        try (GroupConsumer group = GroupConsumer.start(source, 0)) {
            await("a group that moves").until(() -> group.processed() > 0);
            standby.kill();
            standby.restart(); // unreachable at first, then 503, then it knows the answer
            Result success = tidemark(
                    "wait", "--projection", "view", "--token", token, "--timeout", "60s", "--url", standby.url());
            assertThat(success.exitCode()).as(success.output()).isZero();
            assertThat(success.output()).startsWith("success: view has consumed everything that the token covers");
            Result fine = tidemark("status", "--url", active.url(), "--fail-on", "inactive,lagging,stalled");
            assertThat(fine.exitCode()).as(fine.output()).isZero();
        }
    }

    @Test
    void explainsAnEventByItsId() throws Exception {
        String id = source.query("select outbox.publish('customer', '7', 'Moved', 'x')");
        await("published")
                .until(() ->
                        active.get("/v1/events/" + id).path("stage").asText().equals("published"));

        Result text = tidemark("explain", id, "--url", active.url());
        Result json = tidemark("explain", "--json", id, "--url", active.url());
        Result nowhere = tidemark("explain", "00000000-0000-0000-0000-000000000000", "--url", active.url());

        assertThat(text.exitCode()).as(text.output()).isZero();
        assertThat(text.output())
                .contains("event", id, "customer 7, Moved, created 20", "published", source.topic("customer") + "-");
        assertThat(json.json().path("id").asText()).isEqualTo(id);
        assertThat(nowhere.exitCode()).as(nowhere.output()).isEqualTo(1);
        assertThat(nowhere.output()).contains("no event 00000000-");
    }

    private static String[] with(String[] command, String... more) {
        String[] all = Arrays.copyOf(command, command.length + more.length);
        System.arraycopy(more, 0, all, command.length, more.length);
        return all;
    }

    private static HttpResponse<String> send(String path) {
        try {
            return active.send(path);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** The write is not for the projection, which would otherwise be behind before its own test begins. */
    @Test
    void explainsATokenByStages() throws Exception {
        String token = write("customer").toString();
        await("published")
                .untilAsserted(
                        () -> assertThat(send("/v1/tokens/" + token).body()).contains("\"stage\":\"published\""));

        Result text = tidemark("explain", token, "--url", UNREACHABLE, "--url", active.url());
        Result json = tidemark("explain", "--json", token, "--url", active.url());
        Result foreign = tidemark("explain", FOREIGN, "--url", active.url());
        Result unreachable = tidemark("explain", token, "--url", UNREACHABLE);

        assertThat(text.exitCode()).as(text.output()).isZero();
        assertThat(text.output())
                .contains("token   " + token, "source  " + source.sourceId(), "stage   published", "view");
        assertThat(json.exitCode()).isZero();
        assertThat(json.json().path("stage").asText()).isEqualTo("published");
        assertThat(foreign.exitCode()).isEqualTo(1);
        assertThat(foreign.output()).contains("foreign: from a source that this relay does not serve");
        assertThat(unreachable.exitCode()).isEqualTo(2);
        assertThat(unreachable.output()).contains("connection refused");
    }
}
