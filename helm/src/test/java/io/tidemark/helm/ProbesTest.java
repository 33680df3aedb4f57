package io.tidemark.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The probes, asked of a real relay that runs with the rendered configuration and the rendered JVM options, as a
 * process. There is no Postgres: that is what must not kill a pod, and must keep it from being ready.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class ProbesTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path directory;

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();

    @Test
    void aRelayWithoutItsDatabaseIsAliveAndNotReady() throws Exception {
        Path change = Files.writeString(
                directory.resolve("values.yaml"), "postgres: {url: 'jdbc:postgresql://127.0.0.1:1/shop'}");
        var objects = Chart.render(Chart.ci("minimal"), change);
        JsonNode container = Chart.only(objects, "Deployment").at("/spec/template/spec/containers/0");
        int apiPort = freePort();
        int adminPort = freePort();
        Path password = Files.writeString(directory.resolve("password"), "secret");
        String rendered = Chart.relayConfigurations(objects)
                .get(0)
                .replace("/etc/tidemark/postgres/password", password.toString());
        // the ports of the chart are the relay's defaults; here they may be taken
        Path config = Files.writeString(directory.resolve("relay.yml"), rendered + """

                server:
                  applicationConnectors: [{type: http, port: %d}]
                  adminConnectors: [{type: http, port: %d}]
                """.formatted(apiPort, adminPort));

        Process relay = start(container, config);
        try {
            assertThat(awaitStatus(adminPort, path(container, "startupProbe"), relay))
                    .isEqualTo(200);
            assertThat(get(adminPort, path(container, "livenessProbe")).statusCode())
                    .isEqualTo(200);
            HttpResponse<String> readiness = get(adminPort, path(container, "readinessProbe"));
            assertThat(readiness.statusCode()).isEqualTo(500);
            assertThat(readiness.body()).contains("\"relay\":{\"healthy\":false");
            assertThat(get(apiPort, "/v1/source").statusCode()).isEqualTo(200);
        } finally {
            relay.destroy();
            if (!relay.waitFor(60, TimeUnit.SECONDS)) {
                relay.destroyForcibly();
            }
        }
        assertThat(relay.exitValue()).as("ended by SIGTERM, in order").isEqualTo(143);
    }

    @Test
    void probesAskThePortsThatTheContainerNames() {
        JsonNode container =
                Chart.only(Chart.render(Chart.ci("minimal")), "Deployment").at("/spec/template/spec/containers/0");

        assertThat(container.path("ports").findValuesAsText("name")).containsExactly("http", "admin");
        assertThat(container.path("ports").findValuesAsText("containerPort")).containsExactly("8080", "8081");
        for (String probe : new String[] {"startupProbe", "livenessProbe", "readinessProbe"}) {
            assertThat(container.path(probe).at("/httpGet/port").asText()).isEqualTo("admin");
        }
    }

    private Process start(JsonNode container, Path config) throws IOException {
        Path log = directory.resolve("relay.log");
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "io.tidemark.relay.cli.TidemarkCli",
                container.at("/args/0").asText(),
                config.toString());
        builder.environment()
                .put(
                        container.at("/env/0/name").asText(),
                        container.at("/env/0/value").asText());
        return builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    }

    private int awaitStatus(int port, String path, Process relay) throws IOException, InterruptedException {
        while (true) {
            try {
                return get(port, path).statusCode();
            } catch (IOException e) { // not listening yet
                assertThat(relay.waitFor(100, TimeUnit.MILLISECONDS))
                        .as(() -> log())
                        .isFalse();
            }
        }
    }

    private String log() {
        try {
            return Files.readString(directory.resolve("relay.log"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private HttpResponse<String> get(int port, String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(30))
                .build();
        return http.send(request, BodyHandlers.ofString());
    }

    private static String path(JsonNode container, String probe) {
        return container.path(probe).at("/httpGet/path").asText();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
