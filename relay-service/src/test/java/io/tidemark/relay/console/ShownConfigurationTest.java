// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShownConfigurationTest {

    @Test
    void showsNoSecret(@TempDir Path dir) throws Exception {
        Path file = Files.writeString(dir.resolve("relay.yml"), """
                postgres:
                  url: jdbc:postgresql://db:5432/shop?sslpassword=canary-1
                  user: u
                  password: canary-2
                  replicas: [{name: eu, url: "jdbc:postgresql://eu:5432/shop?sslpassword=canary-3"}]
                kafka: {bootstrapServers: "k:9092", properties: {sasl.jaas.config: canary-4}}
                http: {bearerTokenFile: /canary-5}
                tokens: {secretFile: /canary-6}
                console: {enabled: true, peers: ["a:8080"]}
                """);
        RelayConfiguration config = ConfigurationFile.read(file);

        String shown = ShownConfiguration.of(config).toString();

        assertThat(shown)
                .doesNotContain("canary")
                .contains("jdbc:postgresql://db:5432/shop", "sasl.jaas.config", "a:8080")
                .contains("\"bearerTokens\":true", "\"tokens\":{\"sealed\":true}");
    }
}
