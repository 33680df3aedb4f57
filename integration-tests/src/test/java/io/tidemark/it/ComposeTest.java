// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** {@code docker/compose}, as far as it can be checked without Docker. */
class ComposeTest {

    private static final Path DIRECTORY = Path.of("..", "docker", "compose");

    private static JsonNode compose() throws IOException {
        return new YAMLMapper().readTree(DIRECTORY.resolve("compose.yaml").toFile());
    }

    private static RelayConfiguration relay() {
        return ConfigurationFile.read(DIRECTORY.resolve("relay.yml"));
    }

    @Test
    void everyMountedOrBuiltFileExists() throws IOException {
        for (JsonNode service : compose().path("services")) {
            for (JsonNode volume : service.path("volumes")) {
                String source = volume.asText().split(":", 2)[0];
                assertThat(
                                source.startsWith(".")
                                        ? Files.isRegularFile(DIRECTORY.resolve(source))
                                        : compose().path("volumes").has(source))
                        .as(volume.asText())
                        .isTrue();
            }
            JsonNode build = service.path("build");
            if (build.isObject()) {
                Path context = DIRECTORY.resolve(build.path("context").asText());
                assertThat(context.resolve(build.path("dockerfile").asText())).isRegularFile();
            }
        }
    }

    @Test
    void everyDependencyIsAServiceWithTheRequiredHealthCheck() throws IOException {
        JsonNode services = compose().path("services");
        for (JsonNode service : services) {
            for (Map.Entry<String, JsonNode> dependency :
                    service.path("depends_on").properties()) {
                JsonNode other = services.path(dependency.getKey());
                assertThat(other.isObject()).as(dependency.getKey()).isTrue();
                boolean asksHealth =
                        dependency.getValue().path("condition").asText().equals("service_healthy");
                assertThat(asksHealth && !other.has("healthcheck"))
                        .as(dependency.getKey())
                        .isFalse();
            }
        }
    }

    @Test
    void relaysUseTheAddressesOfTheServers() throws IOException {
        JsonNode services = compose().path("services");
        RelayConfiguration relay = relay();

        assertThat(relay.postgres().url())
                .isEqualTo("jdbc:postgresql://postgres:5432/"
                        + services.at("/postgres/environment/POSTGRES_DB").asText());
        assertThat(relay.postgres().password())
                .isEqualTo(
                        services.at("/postgres/environment/POSTGRES_PASSWORD").asText());
        assertThat(services.at("/postgres/command"))
                .extracting(JsonNode::asText)
                .contains("wal_level=logical");
        assertThat(services.at("/kafka/environment/KAFKA_ADVERTISED_LISTENERS").asText())
                .contains("INSIDE://" + relay.kafka().bootstrapServers());
        assertThat(relay.kafka().topics().replicationFactor()).isEqualTo(1);
        for (String name : List.of("init", "relay-1", "relay-2")) {
            assertThat(services.path(name).path("command").get(1).asText()).isEqualTo("/etc/tidemark/relay.yml");
            assertThat(services.path(name).path("volumes").get(0).asText())
                    .isEqualTo("./relay.yml:/etc/tidemark/relay.yml:ro");
        }
    }

    @Test
    void prometheusScrapesTheAdminPortOfBothRelays() throws IOException {
        JsonNode scrape = new YAMLMapper()
                .readTree(DIRECTORY.resolve("prometheus.yml").toFile())
                .at("/scrape_configs/0");

        assertThat(scrape.path("metrics_path").asText()).isEqualTo("/metrics");
        assertThat(scrape.at("/static_configs/0/targets"))
                .extracting(JsonNode::asText)
                .containsExactly("relay-1:8081", "relay-2:8081");
        JsonNode grafana = new YAMLMapper()
                .readTree(
                        DIRECTORY.resolve("grafana").resolve("datasources.yml").toFile());
        assertThat(grafana.at("/datasources/0/url").asText()).isEqualTo("http://prometheus:9090");
    }

    @Test
    void grafanaFindsTheDashboard() throws IOException {
        String path = new YAMLMapper()
                .readTree(DIRECTORY.resolve("grafana").resolve("dashboards.yml").toFile())
                .at("/providers/0/options/path")
                .asText();

        assertThat(compose().at("/services/grafana/volumes"))
                .extracting(JsonNode::asText)
                .anyMatch(volume -> volume.endsWith("/dashboard.json:" + path + "/tidemark.json:ro"));
    }

    @Test
    void everyPortIsOnLoopbackAndUsedOnce() throws IOException {
        Set<String> taken = new HashSet<>();
        for (JsonNode service : compose().path("services")) {
            for (JsonNode port : service.path("ports")) {
                assertThat(port.asText()).startsWith("127.0.0.1:");
                assertThat(taken.add(port.asText().replaceFirst("^127\\.0\\.0\\.1:([0-9]+):.*", "$1")))
                        .as(port.asText())
                        .isTrue();
            }
        }
        assertThat(taken).hasSize(8);
    }
}
