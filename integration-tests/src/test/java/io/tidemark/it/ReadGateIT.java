// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.it.harness.GroupConsumer;
import io.tidemark.it.harness.OpenApi;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.Tokens;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The read gate, asked as proxies ask it: by header and by cookie, with HTTP/1.0 and 1.1, with the client's method. */
class ReadGateIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final String FOREIGN = Token.of("ffffffff", 1, new Lsn(1)).toString();

    private static final int PARKED = 10_000;

    private TestSource source;

    @BeforeEach
    void create() throws Exception {
        source = TestSource.create("gate");
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    private static RelayProcess awaitServing(RelayProcess relay) {
        relay.awaitRunning();
        await("watermarks")
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> relay.send("/v1/projections").statusCode() == 200);
        return relay;
    }

    private String write() throws Exception {
        try (Connection connection = source.connect()) {
            new OutboxWriter().publish(connection, OutboxEvent.of("order", "1", "t", "x"));
            return Tokens.current(connection).toString();
        }
    }

    private static HttpRequest.Builder request(RelayProcess relay, String query) {
        return HttpRequest.newBuilder(URI.create(relay.url() + "/v1/gate/view" + query))
                .timeout(Duration.ofSeconds(60));
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static HttpResponse<String> byCookie(RelayProcess relay, String query, String token) throws Exception {
        return send(request(relay, query).header("Cookie", "session=1; Tidemark-Token=" + token));
    }

    private static HttpResponse<String> byHeader(RelayProcess relay, String query, String token) throws Exception {
        return send(request(relay, query).header("Tidemark-Token", token));
    }

    private static void assertPassed(HttpResponse<String> response, String status) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.body()).isEmpty();
        assertThat(response.headers().firstValue("Tidemark-Status")).hasValue(status);
        assertThat(response.headers().firstValue("Cache-Control")).hasValue("no-store");
    }

    private static void assertRefused(OpenApi openApi, HttpResponse<String> response, int code, String status)
            throws IOException {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(code);
        assertThat(response.headers().firstValue("Tidemark-Status")).hasValue(status);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(response.headers().firstValue("Retry-After").isPresent()).isEqualTo(code == 503);
        JsonNode problem = openApi.hold(JSON.readTree(response.body()), "Problem");
        assertThat(problem.path("status").asInt()).isEqualTo(code);
        assertThat(problem.path("detail").asText()).isNotEmpty();
    }

    @Test
    void waitsForTheTokenOfTheRequest() throws Exception {
        try (RelayProcess relay = awaitServing(RelayProcess.start(source));
                GroupConsumer group = GroupConsumer.start(source, 300)) {
            OpenApi openApi = OpenApi.of(relay);
            assertThat(openApi.describes("get", "/v1/gate/{projection}")).isTrue();

            for (int i = 1; i <= 10; i++) {
                assertPassed(byCookie(relay, "?wait=20s", write()), "success");
                assertThat(group.processed()).isEqualTo(2 * i - 1);
                assertPassed(byHeader(relay, "?waitMillis=20000&otherwise=fail", write()), "success");
                assertThat(group.processed()).isEqualTo(2 * i);
            }
            String metrics = relay.metrics();
            assertThat(metrics)
                    .contains(
                            "tidemark_gate_requests_total{decision=\"passed\",projection=\"view\",status=\"success\"} 20.0")
                    .containsPattern("tidemark_http_request_duration_seconds_count\\{code=\"2xx\","
                            + "route=\"/v1/gate/\\{projection}\"} 20");
        }
    }

    /** A group without members. It is stopped after ten seconds; until then it is only late. */
    @Test
    void passesOrRefusesAsItIsAsked() throws Exception {
        try (RelayProcess relay = awaitServing(RelayProcess.start(source))) {
            OpenApi openApi = OpenApi.of(relay);
            String token = write();
            String ahead =
                    Token.of(source.sourceId(), 1, new Lsn(Long.MAX_VALUE)).toString();

            for (String late : List.of("wait=200ms", "waitMillis=200", "wait=0", "otherwise=pass")) {
                HttpResponse<String> passed = byCookie(relay, "?" + late, token);
                assertThat(passed.statusCode()).as(late).isEqualTo(200);
                assertThat(passed.headers().firstValue("Tidemark-Status").orElseThrow())
                        .as(late)
                        .isIn("timeout", "stopped", "unknown");
            }
            HttpResponse<String> refused = byCookie(relay, "?wait=200ms&otherwise=fail", token);
            assertRefused(
                    openApi,
                    refused,
                    503,
                    refused.headers().firstValue("Tidemark-Status").orElseThrow());

            assertPassed(byCookie(relay, "?wait=20s", FOREIGN), "foreign");
            assertRefused(openApi, byCookie(relay, "?wait=20s&otherwise=fail", FOREIGN), 409, "foreign");
            assertPassed(byCookie(relay, "?wait=20s", ahead), "ahead");
            assertRefused(openApi, byHeader(relay, "?wait=20s&otherwise=fail", ahead), 409, "ahead");
            assertRefused(openApi, byHeader(relay, "?wait=20s&otherwise=fail", token + "~" + FOREIGN), 409, "foreign");
            assertThat(byCookie(relay, "?wait=20s", FOREIGN).headers().firstValue("Set-Cookie"))
                    .as("another relay may judge it")
                    .isEmpty();
        }
    }

    @Test
    void waitsForHeaderAndCookieThatDiffer() throws Exception {
        try (RelayProcess relay = awaitServing(RelayProcess.start(source));
                GroupConsumer group = GroupConsumer.start(source, 300)) {
            for (int i = 1; i <= 5; i++) {
                String older = write();
                String newer = write();

                assertPassed(
                        send(request(relay, "?wait=20s")
                                .header("Tidemark-Token", older)
                                .header("Cookie", "Tidemark-Token=" + newer)),
                        "success");
                assertThat(group.processed()).isEqualTo(4 * i - 2);

                older = write();
                newer = write();
                assertPassed(
                        send(request(relay, "?wait=20s")
                                .header("Tidemark-Token", newer)
                                .header("Cookie", "a=b")
                                .header("Cookie", "Tidemark-Token=" + older + "; Tidemark-Token=" + older)),
                        "success");
                assertThat(group.processed()).isEqualTo(4 * i);
            }
        }
    }

    @Test
    void letsUnreadableTokensPassUnlessAskedToFail() throws Exception {
        try (RelayProcess relay = awaitServing(RelayProcess.start(source))) {
            OpenApi openApi = OpenApi.of(relay);
            String token = source.token().toString();
            Map<String, Boolean> unreadable = Map.of(
                    "rubbish",
                    true,
                    token + "," + token,
                    true,
                    token.toLowerCase(Locale.ROOT) + "x",
                    true,
                    "a".repeat(5 * 1024),
                    true,
                    "\u00fc%00",
                    true,
                    token.replace("tm1.", "tm2."),
                    false,
                    token.replace("tm1.", "tm2.") + ".mac",
                    false);
            for (Map.Entry<String, Boolean> each : unreadable.entrySet()) {
                HttpResponse<String> passed = byCookie(relay, "?wait=20s", each.getKey());
                HttpResponse<String> refused = byCookie(relay, "?wait=20s&otherwise=fail", each.getKey());

                assertPassed(passed, "unreadable");
                assertRefused(openApi, refused, 400, "unreadable");
                assertThat(JSON.readTree(refused.body()).path("detail").asText())
                        .startsWith("cookie Tidemark-Token: ")
                        .hasSizeLessThan(500);
                assertThat(passed.headers().firstValue("Set-Cookie"))
                        .isEqualTo(refused.headers().firstValue("Set-Cookie"))
                        .isEqualTo(
                                each.getValue()
                                        ? Optional.of("Tidemark-Token=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
                                        : Optional.empty());
            }
            assertPassed(byHeader(relay, "?wait=20s", "rubbish"), "unreadable");
            assertRefused(openApi, byHeader(relay, "?otherwise=fail", "rubbish"), 400, "unreadable");
            assertThat(byCookie(relay, "?cookie=Path=/shop;Secure", "rubbish")
                            .headers()
                            .firstValue("Set-Cookie"))
                    .hasValue("Tidemark-Token=; Path=/shop; Secure; Max-Age=0");
        }
    }

    /** The unreadable part may be of a newer write than the others. */
    @Test
    void waitsForTheReadablePartsAndNeverCallsThatSuccess() throws Exception {
        try (RelayProcess relay = awaitServing(RelayProcess.start(source));
                GroupConsumer group = GroupConsumer.start(source, 300)) {
            for (int i = 1; i <= 5; i++) {
                HttpResponse<String> passed = byCookie(relay, "?wait=20s", write() + "~rubbish");

                assertPassed(passed, "unreadable");
                assertThat(group.processed()).isEqualTo(i);
                assertThat(passed.headers().firstValue("Set-Cookie").orElseThrow())
                        .matches("Tidemark-Token=tm1\\.[^~;]+; Path=/; HttpOnly; SameSite=Lax; Max-Age=300");
            }
            assertPassed(byCookie(relay, "?wait=20s", write() + "%7E" + source.token()), "success");
        }
    }

    @Test
    void answersWhateverAProxyHandsOn() throws Exception {
        try (RelayProcess relay = awaitServing(RelayProcess.start(source))) {
            assertPassed(send(request(relay, "")), "none");
            assertPassed(send(request(relay, "?wait=30s&otherwise=fail")), "none");
            assertPassed(send(request(relay, "").method("HEAD", HttpRequest.BodyPublishers.noBody())), "none");
            for (String method : List.of("POST", "PUT", "DELETE", "OPTIONS", "PATCH")) {
                assertPassed(send(request(relay, "").method(method, HttpRequest.BodyPublishers.noBody())), "none");
            }
            // hostile: none of these may choose the projection, the wait, or what happens then
            assertPassed(
                    send(request(relay, "?otherwise=pass")
                            .header("Cookie", "Tidemark-Token=" + FOREIGN)
                            .header("X-Forwarded-Uri", "/v1/gate/view?otherwise=fail&wait=30s")
                            .header("X-Original-URI", "/v1/gate/other?otherwise=fail")
                            .header("X-Forwarded-Method", "DELETE")
                            .header("X-Forwarded-For", "127.0.0.1, \"><script>")
                            .header("Forwarded", "for=\"_x\";proto=;host=\\")
                            .header("Tidemark-Status", "success")
                            .header("X-HTTP-Method-Override", "PUT")),
                    "foreign");
            // Envoy appends the client's path and query, and uses its method
            String ofEnvoy = "?otherwise=fail&path=";
            for (String path :
                    List.of("/orders/7", "//a%2Fb/../c;d=e?otherwise=pass&path=x&wait=%7", "/?token=a&&=&%")) {
                assertThat(status(relay, "POST /v1/gate/view" + ofEnvoy + path + " HTTP/1.1", "Content-Length: 0"))
                        .as(path)
                        .startsWith("HTTP/1.1 200");
                assertThat(status(
                                relay,
                                "GET /v1/gate/view" + ofEnvoy + path + " HTTP/1.1",
                                "Cookie: Tidemark-Token=" + FOREIGN))
                        .as(path)
                        .startsWith("HTTP/1.1 409");
            }
        }
    }

    /** A proxy that forgets to remove Content-Length announces a body that never comes. */
    @Test
    void doesNotWaitForABody() throws Exception {
        try (RelayProcess relay = awaitServing(RelayProcess.start(source))) {
            assertThat(status(relay, "POST /v1/gate/view HTTP/1.1", "Content-Length: 100"))
                    .startsWith("HTTP/1.1 200");
            assertThat(status(relay, "GET /v1/gate/view HTTP/1.0", "Content-Length: 100"))
                    .startsWith("HTTP/1.1 200");
            assertThat(status(
                            relay,
                            "POST /v1/gate/view?wait=300ms HTTP/1.1",
                            "Transfer-Encoding: chunked",
                            "Tidemark-Token: " + write()))
                    .startsWith("HTTP/1.1 200")
                    .contains("Tidemark-Status: ");
            assertThat(send(request(relay, "?wait=300ms")
                                    .header("Tidemark-Token", write())
                                    .POST(HttpRequest.BodyPublishers.ofString("x".repeat(100_000))))
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    /** The head of the response; the connection is closed after it. */
    private static String status(RelayProcess relay, String requestLine, String... headers) throws IOException {
        try (Socket client = connect(relay)) {
            client.setSoTimeout(20_000);
            write(client, requestLine, headers);
            StringBuilder head = new StringBuilder();
            int read = client.getInputStream().read();
            while (read >= 0 && head.indexOf("\r\n\r\n") < 0) {
                head.append((char) read);
                read = client.getInputStream().read();
            }
            return head.toString();
        }
    }

    private static Socket connect(RelayProcess relay) throws IOException {
        return new Socket(
                InetAddress.getLoopbackAddress(), URI.create(relay.url()).getPort());
    }

    private static void write(Socket client, String requestLine, String... headers) throws IOException {
        List<String> lines = new ArrayList<>(List.of(requestLine, "Host: localhost", "Connection: close"));
        lines.addAll(List.of(headers));
        client.getOutputStream().write((String.join("\r\n", lines) + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    @Test
    void refusesAConfigurationThatIsWrong() throws Exception {
        try (RelayProcess relay = awaitServing(RelayProcess.start(source))) {
            OpenApi openApi = OpenApi.of(relay);
            Map<String, String> wrong = Map.of(
                    "/v1/gate/view?wait=soon", "wait 'soon' is not a duration",
                    "/v1/gate/view?wait=1s&waitMillis=1", "wait and waitMillis are both given",
                    "/v1/gate/view?otherwise=maybe", "otherwise 'maybe' is neither pass nor fail",
                    "/v1/gate/view?token=x", "query parameter 'token' is not known here",
                    "/v1/gate/view?cookie=Expires=1", "attribute 'Expires' is not known",
                    "/v1/gate/nowhere", "no projection 'nowhere'; configured are [view]",
                    "/v1/gate/", "no projection ''",
                    "/v1/gate", "no projection ''",
                    "/v1/gate/view/orders", "no projection 'view/orders'");
            for (Map.Entry<String, String> each : wrong.entrySet()) {
                HttpResponse<String> response = relay.send(each.getKey());

                assertThat(response.statusCode()).as(each.getKey()).isIn(400, 404);
                JsonNode problem = openApi.hold(JSON.readTree(response.body()), "Problem");
                assertThat(problem.path("detail").asText()).as(each.getKey()).contains(each.getValue());
            }
        }
    }

    /** nginx asks with HTTP/1.0 by default. */
    @Test
    void endsTheGatesOfClientsThatGoAway() throws Exception {
        try (RelayProcess relay = awaitServing(RelayProcess.start(source));
                GroupConsumer group = GroupConsumer.start(source, 0)) {
            assertPassed(byHeader(relay, "?wait=20s", write()), "success");
            group.close();
            String token = write();
            List<Socket> clients = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                Socket client = connect(relay);
                write(
                        client,
                        "GET /v1/gate/view?wait=25s&otherwise=fail HTTP/1." + i % 2,
                        "Cookie: Tidemark-Token=" + token);
                clients.add(client);
            }
            awaitMetric(relay, "tidemark_waiting_requests 10.0");

            for (Socket client : clients) {
                client.close();
            }

            awaitMetric(
                    relay, "tidemark_gate_requests_total{decision=\"gone\",projection=\"view\",status=\"gone\"} 10.0");
            awaitMetric(relay, "tidemark_waiting_requests 0.0");
            assertThat(relay.output()).doesNotContain("\tat ");
        }
    }

    private static void awaitMetric(RelayProcess relay, String line) {
        await(line).until(relay::metrics, text -> text.contains("\n" + line + "\n"));
    }

    /** Half of the clients leave, and the others are released by one commit of the group. */
    @Test
    void parksTenThousandAndAnswersFurtherOnesAtOnce() throws Exception {
        String limits = "watermark: {maxWait: 5m, maxWaiters: " + PARKED + "}";
        List<Socket> clients = new ArrayList<>();
        try (RelayProcess relay = awaitServing(RelayProcess.start(source, limits))) {
            String token = write();
            try (KafkaConsumer<byte[], byte[]> member = idleMember()) {
                for (int i = 0; i < PARKED; i++) {
                    Socket client = connect(relay);
                    write(client, "GET /v1/gate/view?wait=4m HTTP/1." + i % 2, "Cookie: Tidemark-Token=" + token);
                    clients.add(client);
                    if (i % 500 == 0) {
                        member.poll(Duration.ofMillis(1));
                    }
                }
                awaitMetric(relay, "tidemark_waiting_requests " + (double) PARKED);

                OpenApi openApi = OpenApi.of(relay);
                for (int i = 0; i < 10; i++) {
                    assertPassed(byCookie(relay, "?wait=4m", token), "busy");
                    assertRefused(openApi, byCookie(relay, "?wait=4m&otherwise=fail", token), 503, "busy");
                    assertPassed(send(request(relay, "?wait=4m&otherwise=fail")), "none");
                }
                List<Socket> leaving = clients.subList(0, PARKED / 2);
                for (Socket client : leaving) {
                    client.close();
                }
                leaving.clear();
                awaitMetric(relay, "tidemark_waiting_requests " + PARKED / 2.0);
                member.resume(member.assignment());
                await().until(() -> {
                    member.poll(Duration.ofMillis(100));
                    member.commitSync();
                    return relay.metrics().contains("\ntidemark_waiting_requests 0.0\n");
                });
            }
            for (Socket client : clients) {
                assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                        .startsWith("HTTP/1.")
                        .contains(" 200 OK\r\n", "Tidemark-Status: success\r\n");
            }
            assertThat(relay.output()).doesNotContain("\tat ", "OutOfMemory");
        } finally {
            for (Socket client : clients) {
                client.close();
            }
        }
    }

    /** Reads nothing until it is resumed. For a group without members, the relay would return stopped. */
    private KafkaConsumer<byte[], byte[]> idleMember() {
        KafkaConsumer<byte[], byte[]> member =
                TopicReader.consumer(source.servers(), Map.of(ConsumerConfig.GROUP_ID_CONFIG, source.name() + "-view"));
        member.subscribe(List.of(source.topic("order")));
        while (member.assignment().isEmpty()) {
            member.poll(Duration.ofMillis(100));
        }
        member.seekToBeginning(member.assignment());
        member.pause(member.assignment());
        return member;
    }
}
