// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.it.harness.SelfSigned;
import io.tidemark.quickstart.stack.ChildJvm;
import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.relay.cli.TidemarkCli;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A relay with TLS, with a certificate made here, and with bearer tokens. It has no database and no Kafka, because
 * access control does not depend on them.
 */
class HttpSecurityIT {

    private static final String FIRST = "first-0123456789abcdef";
    private static final String SECOND = "second-0123456789abcdef";
    private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.1 ([0-9]{3}) ");
    private static final AtomicInteger RUNS = new AtomicInteger();

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private static Path dir;

    private static int httpsPort;
    private static int mutualPort;
    private static int httpPort;
    private static int adminPort;
    private static ChildJvm relay;
    private static HttpClient http;
    private static SelfSigned client;

    @BeforeAll
    static void start() throws Exception {
        SelfSigned certificate = SelfSigned.in(dir);
        certificate.certificateFile();
        client = SelfSigned.in(dir.resolve("client"));
        Files.writeString(dir.resolve("tokens"), FIRST + "\n");
        httpsPort = FreePorts.next();
        mutualPort = FreePorts.next();
        httpPort = FreePorts.next();
        adminPort = FreePorts.next();
        Path config = Files.writeString(dir.resolve("relay.yml"), """
            postgres: {url: "jdbc:postgresql://127.0.0.1:1/shop", user: relay}
            kafka: {bootstrapServers: "127.0.0.1:1"}
            projections: [{name: view, topics: [outbox.order]}]
            http: {bearerTokenFile: "%s"}
            server:
              applicationConnectors:
                - type: https
                  bindHost: 127.0.0.1
                  port: %d
                  keyStorePath: "%s"
                  keyStorePassword: %s
                - type: https
                  bindHost: 127.0.0.1
                  port: %d
                  keyStorePath: "%s"
                  keyStorePassword: %s
                  needClientAuth: true
                  trustStorePath: "%s"
                  trustStorePassword: %s
                - {type: http, bindHost: 127.0.0.1, port: %d, idleTimeout: 2s}
              adminConnectors: [{type: http, bindHost: 127.0.0.1, port: %d}]
              requestLog: {appenders: []}
            """.formatted(
                        dir.resolve("tokens"),
                        httpsPort,
                        certificate.keyStore(),
                        SelfSigned.PASSWORD,
                        mutualPort,
                        certificate.keyStore(),
                        SelfSigned.PASSWORD,
                        client.trustStore(),
                        SelfSigned.PASSWORD,
                        httpPort,
                        adminPort));
        relay = process("run", config.toString());
        http = HttpClient.newBuilder().sslContext(certificate.trustingIt()).build();
        await("the relay to listen")
                .ignoreExceptions()
                .until(() -> get("https://localhost:" + httpsPort + "/v1/source", FIRST)
                                .statusCode()
                        == 200);
    }

    @AfterAll
    static void stop() {
        relay.close();
    }

    private static ChildJvm process(String... arguments) {
        return ChildJvm.start(
                "tidemark",
                TidemarkCli.class.getName(),
                List.of(arguments),
                List.of("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                dir.resolve("security-" + RUNS.incrementAndGet() + ".log"));
    }

    private static HttpResponse<String> get(String url, String token) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(30));
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static String plain(String path) {
        return "http://127.0.0.1:" + httpPort + path;
    }

    /** Dropwizard has a task that sets the level of a logger. */
    @Test
    void adminPortAcceptsNoCommands() throws Exception {
        String admin = "http://127.0.0.1:" + adminPort;
        for (String task : List.of("/tasks/log-level?logger=org.eclipse.jetty&level=DEBUG", "/tasks/gc", "/tasks")) {
            HttpRequest post = HttpRequest.newBuilder(URI.create(admin + task))
                    .POST(HttpRequest.BodyPublishers.noBody())
                    .build();

            assertThat(http.send(post, HttpResponse.BodyHandlers.ofString()).statusCode())
                    .as(task)
                    .isEqualTo(404);
        }
        HttpResponse<String> readiness = get(admin + "/ready", "");
        assertThat(readiness.statusCode()).isEqualTo(503);
        assertThat(readiness.body()).startsWith("what is published is not known yet: ");
    }

    @Test
    void statusAsksOverTlsWithATokenAndReportsMissingOptions() {
        String url = "https://localhost:" + httpsPort;
        String[][] runs = {
            {
                "status",
                "--url",
                url,
                "--ca-file",
                dir.resolve("ca.pem").toString(),
                "--bearer-token-file",
                dir.resolve("mine").toString()
            },
            {"status", "--url", url, "--ca-file", dir.resolve("ca.pem").toString()},
            {"status", "--url", url}
        };
        write("mine", FIRST);
        String[] output = new String[runs.length];
        int[] exitCodes = new int[runs.length];
        for (int i = 0; i < runs.length; i++) {
            try (ChildJvm status = process(runs[i])) {
                exitCodes[i] = status.awaitExit(60);
                output[i] = status.output();
            }
        }

        assertThat(exitCodes).containsExactly(0, 2, 2);
        assertThat(output[0]).contains("standby", "postgres");
        assertThat(output[1]).contains("HTTP 401", "--bearer-token-file");
        assertThat(output[2]).contains("TLS failed", "--ca-file");
    }

    @Test
    void rejectsClientsWithoutACertificateIfOneIsRequired() throws Exception {
        SelfSigned stranger = SelfSigned.in(dir.resolve("stranger"));
        write("mine", FIRST);
        List<String> command = List.of(
                "status",
                "--url",
                "https://localhost:" + mutualPort,
                "--ca-file",
                dir.resolve("ca.pem").toString(),
                "--bearer-token-file",
                dir.resolve("mine").toString());

        assertThat(status(command, client)).contains("exit code 0", "standby");
        assertThat(status(command, stranger)).contains("exit code 2", "TLS failed", "--cert-file");
        try (ChildJvm status = process(command.toArray(String[]::new))) {
            assertThat(status.awaitExit(60)).isEqualTo(2);
            assertThat(status.output()).contains("TLS failed", "--cert-file");
        }
    }

    private static String status(List<String> command, SelfSigned shown) throws Exception {
        List<String> withCertificate = new ArrayList<>(command);
        withCertificate.addAll(List.of("--cert-file", shown.certificateFile().toString()));
        withCertificate.addAll(List.of("--key-file", shown.keyFile().toString()));
        try (ChildJvm status = process(withCertificate.toArray(String[]::new))) {
            int exitCode = status.awaitExit(60);
            return "exit code " + exitCode + "\n" + status.output();
        }
    }

    private static void write(String name, String text) {
        try {
            Files.writeString(dir.resolve(name), text);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void rejectsRequestsWithoutAToken() throws Exception {
        String wait = "/v1/projections/view/watermark?wait=1s&token=tm1.7f3a9c21.1.0000000000000001";
        assertThat(get(plain(wait), FIRST).statusCode()).isEqualTo(503);
        String gate = "/v1/gate/view";
        assertThat(get(plain(gate), FIRST).statusCode()).isEqualTo(200);
        for (String path :
                List.of("/v1/source", "/v1/projections", "/v1/openapi.yaml", "/v1/nowhere", "/", wait, gate)) {
            HttpResponse<String> none = get(plain(path), "");
            HttpResponse<String> wrong = get(plain(path), "wrong-0123456789abcdef");

            assertThat(none.statusCode()).as(path).isEqualTo(401);
            assertThat(none.headers().firstValue("content-type")).hasValue("application/problem+json");
            assertThat(none.headers().firstValue("www-authenticate")).hasValue("Bearer realm=\"tidemark\"");
            assertThat(new ObjectMapper().readTree(none.body()).path("status").asInt())
                    .isEqualTo(401);
            assertThat(wrong.statusCode()).as(path).isEqualTo(401);
            assertThat(wrong.headers().firstValue("www-authenticate").orElse(""))
                    .contains("invalid_token");
            assertThat(wrong.body()).doesNotContain("wrong-0123456789abcdef", FIRST);
        }
    }

    /** Behind a proxy, several clients share a connection, and Jetty remembers the headers that came over it. */
    @Test
    void aTokenThatDiffersInItsCaseOnlyIsAnotherToken() throws Exception {
        String request = "GET /v1/source HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n";
        String upper = FIRST.toUpperCase(Locale.ROOT);

        String answers = answerTo(request.formatted(FIRST) + request.formatted(upper) + request.formatted(FIRST));

        assertThat(STATUS_LINE.matcher(answers).results().map(found -> found.group(1)))
                .as(answers)
                .containsExactly("200", "401", "200");
    }

    @Test
    void tokensRotateWithoutARestart() throws Exception {
        assertThat(get(plain("/v1/source"), FIRST).statusCode()).isEqualTo(200);
        try {
            write("tokens", SECOND + "\n" + FIRST + "\n");
            awaitStatus(SECOND, 200);
            assertThat(get(plain("/v1/source"), FIRST).statusCode()).isEqualTo(200);
            write("tokens", SECOND + "\n");
            awaitStatus(FIRST, 401);
            write("tokens", "");
            awaitStatus(SECOND, 503);
        } finally {
            write("tokens", FIRST + "\n");
        }
        awaitStatus(FIRST, 200);
        assertThat(relay.output()).contains("event=bearer-tokens-unusable").doesNotContain(FIRST, SECOND);
    }

    private static void awaitStatus(String token, int status) {
        await(token + " to give " + status)
                .until(() -> get(plain("/v1/source"), token).statusCode() == status);
    }

    /** Endless headers, or a body that never arrives, do not occupy a connection or a thread forever. */
    @Test
    void endsSlowAndEndlessRequests() throws Exception {
        assertThat(answerTo("GET /v1/source HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(20_000) + "\r\n\r\n"))
                .startsWith("HTTP/1.1 431");
        assertThat(answerTo("GET /v1/source HTTP/1.1\r\nHost: a\r\n")).doesNotContain("200 OK");
        String form = "Content-Type: Application/x-www-form-urlencoded";
        assertThat(answerTo("GET /x HTTP/1.1\r\nHost: a\r\n" + form + "\r\nContent-Length: 9\r\n\r\n"))
                .as("a form whose body never arrives")
                .startsWith("HTTP/1.1 401");
        assertThat(answerTo("POST /v1/wait HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + FIRST
                        + "\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"))
                .startsWith("HTTP/1.1 408");
        assertThat(get(plain("/v1/source"), FIRST).statusCode()).isEqualTo(200);
        assertThat(relay.output()).doesNotContain("event=http-failed");
    }

    /** It repeats its requests until the buffers in between are full. */
    @Test
    void disconnectsAClientThatReadsNoAnswersWithoutDelayingOthers() throws Exception {
        byte[] request = ("GET /v1/openapi.yaml HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + FIRST + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), httpPort)) {
            OutputStream out = socket.getOutputStream();
            CompletableFuture<Void> asking = CompletableFuture.runAsync(() -> {
                try {
                    while (true) {
                        out.write(request);
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });

            assertThat(get(plain("/v1/source"), FIRST).statusCode()).isEqualTo(200);
            assertThatThrownBy(() -> asking.get(60, TimeUnit.SECONDS)).hasRootCauseInstanceOf(SocketException.class);
        }
        assertThat(get(plain("/v1/source"), FIRST).statusCode()).isEqualTo(200);
    }

    /** The bytes until the relay closes the connection. The connector's idle timeout is two seconds here. */
    private static String answerTo(String request) throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), httpPort)) {
            socket.setSoTimeout(20_000);
            OutputStream out = socket.getOutputStream();
            out.write(request.getBytes(StandardCharsets.US_ASCII));
            out.flush();
            InputStream in = socket.getInputStream();
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
