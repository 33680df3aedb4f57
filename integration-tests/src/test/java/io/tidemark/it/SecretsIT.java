// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.SelfSigned;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.quickstart.stack.ChildJvm;
import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.relay.cli.TidemarkCli;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Canaries: every secret of a relay, and the content of an event, contains one. No canary may appear in the output of a
 * command, in an answer, or in a log line, also at DEBUG, with and without failures. An event's own headers appear where
 * somebody asks for that event, and nowhere else.
 */
class SecretsIT {

    private static final String CANARY = "c4nary";
    private static final String HEADER_CANARY = "c4n4ry";
    private static final String KEY_STORE = CANARY + "-store";
    private static final String BEARER = CANARY + "-bearer-0123456789";
    private static final AtomicInteger RUNS = new AtomicInteger();

    private final List<String> said = new ArrayList<>();
    private final int port = FreePorts.next();
    private final int adminPort = FreePorts.next();
    private TestSource source;
    private String user;

    @BeforeEach
    void create() throws Exception {
        source = TestSource.create("secrets");
        user = source.name() + "_relay";
        source.execute("create role " + user + " superuser login replication password '" + CANARY + "-postgres'");
    }

    @AfterEach
    void drop() throws Exception {
        source.execute("drop owned by " + user, "drop role " + user);
        source.close();
    }

    @Test
    void neverAppearInOutputAnswersOrLogs() throws Exception {
        Path config = config(CANARY + "-postgres");
        try (ChildJvm relay = tidemark("run", config.toString())) {
            await("running, log " + relay.log())
                    .ignoreExceptionsInstanceOf(IOException.class)
                    .until(() -> get(adminPort, "/healthcheck").contains("running"));
            source.execute("select outbox.publish('order', '1', 't', '" + CANARY + "-payload',"
                    + " headers => '{\"tenant\": \"" + HEADER_CANARY + "\"}')");
            String id = source.query("select id from outbox.event");
            TopicReader.readUntil(source.servers(), source.topic("order"), read -> read.size() == 1);
            String token = source.token().toString();
            for (String path : List.of(
                    "/v1/source",
                    "/v1/projections",
                    "/v1/projections/view/watermark?token=" + token,
                    "/v1/projections/view/watermark?token=nonsense",
                    "/v1/tokens/" + token,
                    "/v1/replicas/eu/watermark?token=" + token,
                    "/v1/openapi.yaml",
                    "/nowhere")) {
                said.add(get(port, path));
            }
            assertThat(get(port, "/v1/events/" + id)).contains(HEADER_CANARY).doesNotContainIgnoringCase(CANARY);
            for (String path : List.of("/metrics", "/healthcheck", "/threads")) {
                said.add(get(adminPort, path));
            }
            for (String command : List.of("check", "slot")) {
                run(command, config.toString());
            }
            run(
                    "init",
                    config.toString(),
                    "--user",
                    user,
                    "--password-file",
                    passwordFile().toString());
            run("dead-letters", "list", config.toString());
            run("replay", config.toString(), "--id", id, "--topic", source.topic("again"));
            run(
                    "wait",
                    "--url",
                    "http://127.0.0.1:" + port,
                    "--bearer-token-file",
                    tokens().toString(),
                    "--projection",
                    "view",
                    "--token",
                    token,
                    "--timeout",
                    "1s");
            run("status", "--url", "http://127.0.0.1:" + port); // without the bearer token
            run("explain", "--url", "http://127.0.0.1:" + port, "--bearer-token-file", tokens().toString(), id);

            // an event without payload is refused if its route does not allow it, and its other fields are in the
            // message
            source.execute("select outbox.publish('order', '2', 't', null::text, headers => '{\"tenant\": \"" + CANARY
                    + "-poison\"}')");
            await("halted").until(() -> get(adminPort, "/healthcheck").contains("halted"));
            said.add(get(port, "/v1/source"));
            run("adopt", config.toString());
            said.add(relay.output());
        }
        source.execute("alter role " + user + " password 'another'");
        run("check", config.toString());
        runUntilItIsRefused(config);
        run("check", withSasl(config).toString());

        assertThat(said).hasSizeGreaterThan(20);
        assertThat(String.join("\n", said))
                .contains("password authentication failed", "ssl.keystore.password", "streaming", "halted")
                .doesNotContainIgnoringCase(CANARY)
                .doesNotContainIgnoringCase(HEADER_CANARY);
    }

    private Path passwordFile() throws IOException {
        return Files.writeString(source.dir().resolve("password"), CANARY + "-postgres\n");
    }

    /** The broker does not support it, and ends the client's attempt. */
    private Path withSasl(Path config) throws IOException {
        String yaml = Files.readString(config).replace("  properties:\n", """
                  propertiesFile: "%s"
                  properties:
                    security.protocol: SASL_PLAINTEXT
                    sasl.mechanism: PLAIN
                """.formatted(Files.writeString(
                source.dir().resolve("kafka.properties"), "ssl.key.password=" + CANARY + "-in-a-file\n")));
        return Files.writeString(source.dir().resolve("sasl.yml"), yaml);
    }

    private Path tokens() throws IOException {
        return Files.writeString(source.dir().resolve("tokens"), BEARER + "\n");
    }

    private Path config(String password) throws IOException, InterruptedException {
        Path file = source.configFile("http: {bearerTokenFile: \"" + tokens() + "\"}", """
                server:
                  applicationConnectors:
                    - {type: http, bindHost: 127.0.0.1, port: %d}
                    - {type: https, bindHost: 127.0.0.1, port: %d, keyStorePath: "%s", keyStorePassword: %s}
                  adminConnectors: [{type: http, bindHost: 127.0.0.1, port: %d}]
                logging: {level: DEBUG}
                """.formatted(
                port, FreePorts.next(), SelfSigned.in(source.dir(), KEY_STORE).keyStore(), KEY_STORE, adminPort));
        String yaml = Files.readString(file)
                .replace("user: " + source.servers().user(), "user: " + user)
                .replace("password: \"" + source.servers().password() + "\"", "password: " + password)
                .replace(source.name() + "\", user", source.name() + "?sslpassword=" + CANARY + "-url\", user")
                .replace("tombstones: true", "tombstones: false")
                .replace(
                        "replicas: []",
                        "replicas: [{name: eu, url: \"jdbc:postgresql://127.0.0.1:1/shop?sslpassword=" + CANARY
                                + "-replica\"}]")
                .replace("kafka:\n", """
                        kafka:
                          properties:
                            sasl.jaas.config: 'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="%1$s-sasl";'
                            ssl.keystore.password: %1$s-keystore
                            ssl.key.password: %1$s-key
                            ssl.truststore.password: %1$s-truststore
                        """.formatted(CANARY));
        assertThat(yaml)
                .contains(
                        user,
                        CANARY + "-replica",
                        CANARY + "-postgres",
                        CANARY + "-url",
                        CANARY + "-sasl",
                        "tombstones: false");
        return Files.writeString(file, yaml);
    }

    private ChildJvm tidemark(String... arguments) {
        return ChildJvm.start(
                "tidemark",
                TidemarkCli.class.getName(),
                List.of(arguments),
                List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                source.dir().resolve(String.format(Locale.ROOT, "tidemark-%d.log", RUNS.incrementAndGet())));
    }

    private void run(String... arguments) {
        try (ChildJvm command = tidemark(arguments)) {
            command.awaitExit(90);
            assertThat(command.output()).as(String.join(" ", arguments)).isNotEmpty();
            said.add(command.output());
        }
    }

    private void runUntilItIsRefused(Path config) {
        try (ChildJvm relay = tidemark("run", config.toString())) {
            await("the refusal of the password, log " + relay.log())
                    .until(() -> relay.output().contains("password authentication failed"));
            said.add(relay.output());
        }
    }

    private static String get(int port, String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Authorization", "Bearer " + BEARER)
                .timeout(Duration.ofSeconds(30))
                .build();
        HttpResponse<String> response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        return response.statusCode() + " " + response.body();
    }
}
