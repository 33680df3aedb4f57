// SPDX-License-Identifier: Apache-2.0
package io.tidemark.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.dropwizard.logging.common.DefaultLoggingFactory;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The relay's configuration reader accepts the rendered configuration. */
class ConfigurationTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path directory;

    @Test
    void rendersTheRelaysDefaultsForMinimalValues() throws IOException {
        RelayConfiguration config = read("minimal");
        Path least = Files.writeString(directory.resolve("least.yml"), """
            postgres:
              url: jdbc:postgresql://db.example.com:5432/shop
              user: tidemark_relay
              passwordFile: /etc/tidemark/postgres/password
            kafka: {bootstrapServers: 'kafka.example.com:9092'}
            limits: {spillDirectory: /var/lib/tidemark/spill}
            """);
        RelayConfiguration defaults = ConfigurationFile.read(least);

        assertThat(config.postgres()).isEqualTo(defaults.postgres());
        assertThat(config.kafka()).isEqualTo(defaults.kafka());
        assertThat(config.outbox()).isEqualTo(defaults.outbox());
        assertThat(config.routes()).isEqualTo(defaults.routes());
        assertThat(config.headers()).isEqualTo(defaults.headers());
        assertThat(config.projections()).isEqualTo(defaults.projections());
        assertThat(config.watermark()).isEqualTo(defaults.watermark());
        assertThat(config.limits()).isEqualTo(defaults.limits());
        assertThat(config.http()).isEqualTo(defaults.http());
        assertThat(config.console()).isEqualTo(defaults.console());
    }

    @Test
    void rendersAllOfTheFullValues() throws IOException {
        RelayConfiguration config = read("full");

        assertThat(config.postgres().url()).contains("db-2.example.com").endsWith("/etc/tidemark-ca/ca.crt");
        assertThat(config.postgres().user()).isEqualTo("relay");
        assertThat(config.kafka().properties())
                .containsEntry("request.timeout.ms", "20000")
                .containsEntry("ssl.truststore.location", "/etc/tidemark/kafka/ca.crt");
        assertThat(config.kafka().properties().get("sasl.jaas.config")).endsWith("password=\"canary-of-kafka\";");
        assertThat(config.kafka().topics().autoCreate()).isFalse();
        assertThat(config.kafka().topics().partitions()).isEqualTo(1_000_000);
        assertThat(config.outbox().retention().toHours()).isEqualTo(168);
        assertThat(config.routes()).hasSize(2);
        assertThat(config.routes().get(0).hasDeadLetters()).isTrue();
        assertThat(config.routes().get(0).tombstones()).isTrue();
        assertThat(config.routes().get(1).topicFor("customer")).isEqualTo("shop.customer");
        assertThat(config.projections().get(0).group()).isEqualTo("shop-orders-view");
        assertThat(config.projections().get(0).stalledAfter().toMinutes()).isEqualTo(2);
        assertThat(config.projections().get(0).visibleAfter().toSeconds()).isEqualTo(1);
        assertThat(config.projections().get(1).group()).isEqualTo("search");
        assertThat(config.watermark().maxWaiters()).isEqualTo(2_000_000);
        assertThat(config.watermark().maxWaitersPerProjection()).isEqualTo(1_000_000);
        assertThat(config.http().bearerTokenFile()).isEqualTo("/etc/tidemark/http/tokens");
        assertThat(config.tokens().secretFile()).isEqualTo("/etc/tidemark/tokens/secrets");
        assertThat(config.limits().batchEvents()).isEqualTo(3_000_000);
        assertThat(config.console().enabled()).isTrue();
        assertThat(config.console().peers()).containsExactly("shop-relay-a:8080");
        assertThat(config.console().links().runbook()).isEqualTo("https://example.com/docs/");
        assertThat(config.console().links().grafana()).isEqualTo("https://grafana.example.com/d/tidemark");
        assertThat(config.limits().transactionBytes().toMebibytes()).isEqualTo(1024);
    }

    @Test
    void rendersNoRetentionForAnExistingTable() throws IOException {
        RelayConfiguration config = read("existing-table");

        assertThat(config.outbox().isOwn()).isFalse();
        assertThat(config.outbox().table()).isEqualTo("shop.outbox");
        assertThat(config.outbox().columns().byKey())
                .containsEntry("eventType", "kind")
                .containsEntry("aggregateType", "aggregatetype");
        assertThat(config.outbox().additionalHeaders()).containsEntry("eventType", "kind");
    }

    @Test
    void leavesVariablesToTheRelay() throws IOException {
        RelayConfiguration config = read("gitops");

        assertThat(config.postgres().url()).isEqualTo("jdbc:postgresql://db.example.com:5432/shop");
        assertThat(config.kafka().bootstrapServers()).isEqualTo("kafka.kafka.svc:9092");
    }

    /** The pod has the files that the configuration names. They are mounted as a directory, so that they can rotate. */
    @ParameterizedTest
    @ValueSource(strings = {"minimal", "full", "gitops", "tls"})
    void mountsAllNamedFiles(String values) throws IOException {
        RelayConfiguration config = read(values);
        JsonNode pod = Chart.only(Chart.render(Chart.ci(values)), "Deployment").at("/spec/template/spec");

        assertThat(pod.at("/volumes/0/projected/sources").findValuesAsText("path"))
                .contains("relay.yml", "postgres/password");
        String tokens = config.http().bearerTokenFile();
        assertThat(tokens == null || tokens.equals("/etc/tidemark/http/tokens")).isTrue();
        assertThat(pod.at("/volumes/0/projected/sources")
                        .findValuesAsText("path")
                        .contains("http/tokens"))
                .isEqualTo(tokens != null);
        assertThat(pod.at("/volumes/0/projected/sources")
                        .findValuesAsText("path")
                        .contains("tokens/secrets"))
                .isEqualTo(config.tokens().secretFile() != null);
        assertThat(config.postgres().passwordFile()).isEqualTo("/etc/tidemark/postgres/password");
        assertThat(pod.at("/containers/0/args").get(1).asText()).isEqualTo("/etc/tidemark/relay.yml");
        assertThat(pod.at("/containers/0/volumeMounts").findValues("subPath")).isEmpty();
        assertThat(pod.at("/containers/0/volumeMounts").findValuesAsText("mountPath"))
                .contains("/etc/tidemark", config.limits().spillDirectory());
    }

    /** The file has its own `logging:` then, which replaces the relay's default. */
    @Test
    void jsonLogsKeepTheRelaysLevels() throws IOException {
        DefaultLoggingFactory json =
                (DefaultLoggingFactory) readWith("logging: {json: true}").getLoggingFactory();
        DefaultLoggingFactory plain = (DefaultLoggingFactory) read("minimal").getLoggingFactory();

        assertThat(json.getLevel()).isEqualTo(plain.getLevel());
        assertThat(json.getLoggers()).isEqualTo(plain.getLoggers());
        assertThat(Chart.YAML
                        .valueToTree(json.getAppenders())
                        .at("/0/layout/type")
                        .asText())
                .isEqualTo("json");
    }

    @Test
    void readsThePasswordFromAFileThatIsNoSecret() throws IOException {
        String values = """
                postgres: {existingSecret: '', passwordFile: /vault/secrets/postgres}
                kafka: {propertiesFile: /vault/secrets/kafka.properties}
                init: {enabled: true, user: postgres, passwordFile: /vault/secrets/administrator}
                """;
        List<JsonNode> objects = Chart.renderWith(directory, values, Chart.ci("minimal"));

        RelayConfiguration config = readWith(values);

        assertThat(config.postgres().passwordFile()).isEqualTo("/vault/secrets/postgres");
        assertThat(config.kafka().propertiesFile()).isEqualTo("/vault/secrets/kafka.properties");
        assertThat(Chart.job(objects, "init").at("/spec/template/spec/containers/0/args"))
                .extracting(JsonNode::asText)
                .containsSubsequence("--password-file", "/vault/secrets/administrator");
        objects.forEach(object -> assertThat(object.findValues("secret")).isEmpty());
    }

    @Test
    void needsNoPasswordWithACertificate() throws IOException {
        RelayConfiguration config = readWith("postgres: {existingSecret: '', withoutPassword: true,"
                + " url: 'jdbc:postgresql://db:5432/shop?sslmode=verify-full&sslcert=/pg/tls.crt&sslkey=/pg/tls.pk8'}");

        assertThat(config.postgres().passwordFile()).isNull();
        assertThat(config.postgres().password()).isNull();
    }

    private RelayConfiguration readWith(String values) throws IOException {
        String yaml = Chart.relayConfigurations(Chart.renderWith(directory, values, Chart.ci("minimal")))
                .get(0);
        return ConfigurationFile.read(Files.writeString(directory.resolve("with.yml"), yaml));
    }

    /** The values have names of Secrets instead of passwords. */
    @ParameterizedTest
    @ValueSource(strings = {"minimal", "full", "gitops", "tls"})
    void putsNoPasswordIntoAConfigMap(String values) throws IOException {
        List<String> files = Chart.relayConfigurations(Chart.render(Chart.ci(values)));

        assertThat(files).isNotEmpty();
        for (String file : files) {
            assertThat(file).doesNotContain("canary-of-kafka");
            assertThat(Chart.YAML.readTree(file).path("postgres").has("password"))
                    .isFalse();
            assertThat(file.replaceAll("password=\\\\\"\\$\\{KAFKA_PASSWORD}", ""))
                    .doesNotContainIgnoringCase("password=");
        }
    }

    /** Their certificates do not name the addresses of the pods. */
    @Test
    void consoleAsksTheReplicasOfTheReleaseUnlessTheyServeTls() throws IOException {
        String on = "console: {enabled: true}";

        assertThat(Chart.relayConfigurations(Chart.renderWith(directory, on, Chart.ci("minimal"))))
                .first()
                .asString()
                .containsPattern("peers: \\[\"[a-z-]+-replicas:8080\"\\]");
        assertThat(Chart.relayConfigurations(Chart.renderWith(directory, on, Chart.ci("tls"))))
                .first()
                .asString()
                .contains("enabled: true")
                .doesNotContain("peers:");
    }

    private RelayConfiguration read(String values) throws IOException {
        String yaml = Chart.relayConfigurations(Chart.render(Chart.ci(values))).get(0);
        return ConfigurationFile.read(Files.writeString(directory.resolve(values + ".yml"), yaml));
    }
}
