// SPDX-License-Identifier: Apache-2.0
package io.tidemark.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The probes against a real relay process with the rendered configuration and JVM options. Postgres is missing: this
 * must not kill a pod, and must keep it from becoming ready.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class ProbesTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path directory;

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();

    @Test
    void relayWithoutItsDatabaseIsAliveAndNotReady() throws Exception {
        Path change = Files.writeString(
                directory.resolve("values.yaml"), "postgres: {url: 'jdbc:postgresql://127.0.0.1:1/shop'}");
        var objects = Chart.render(Chart.ci("minimal"), change);
        JsonNode container = Chart.only(objects, "Deployment").at("/spec/template/spec/containers/0");
        int apiPort = RelayOfTheChart.freePort();
        int adminPort = RelayOfTheChart.freePort();
        Path password = Files.writeString(directory.resolve("password"), "secret");
        String rendered = Chart.relayConfigurations(objects)
                .get(0)
                .replace("/etc/tidemark/postgres/password", password.toString());
        // the chart's ports are the relay's defaults, which may be in use here
        Path config = Files.writeString(directory.resolve("relay.yml"), rendered + """

                server:
                  applicationConnectors: [{type: http, port: %d}]
                  adminConnectors: [{type: http, port: %d}]
                """.formatted(apiPort, adminPort));

        try (RelayOfTheChart relay = RelayOfTheChart.start(container, config)) {
            assertThat(relay.awaitStatus(http, url(adminPort, path(container, "startupProbe"))))
                    .isEqualTo(200);
            assertThat(get(adminPort, path(container, "livenessProbe")).statusCode())
                    .isEqualTo(200);
            HttpResponse<String> readiness = get(adminPort, path(container, "readinessProbe"));
            assertThat(readiness.statusCode()).isEqualTo(503);
            assertThat(readiness.body()).startsWith("what is published is not known yet: ");
            assertThat(get(apiPort, "/v1/source").statusCode()).isEqualTo(200);

            assertThat(relay.stop()).as("clean end after SIGTERM").isEqualTo(143);
        }
    }

    @Test
    void probesUsePortsOfTheContainer() {
        JsonNode container =
                Chart.only(Chart.render(Chart.ci("minimal")), "Deployment").at("/spec/template/spec/containers/0");

        assertThat(container.path("ports").findValuesAsText("name")).containsExactly("http", "admin");
        assertThat(container.path("ports").findValuesAsText("containerPort")).containsExactly("8080", "8081");
        for (String probe : new String[] {"startupProbe", "livenessProbe", "readinessProbe"}) {
            assertThat(container.path(probe).at("/httpGet/port").asText()).isEqualTo("admin");
        }
    }

    private HttpResponse<String> get(int port, String path) throws Exception {
        return RelayOfTheChart.get(http, url(port, path));
    }

    private static URI url(int port, String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    private static String path(JsonNode container, String probe) {
        return container.path(probe).at("/httpGet/path").asText();
    }
}
