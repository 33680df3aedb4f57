// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.config.PostgresConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretsTest {

    @TempDir
    private Path directory;

    @Test
    void readsThePasswordFileEachTime() throws IOException {
        Path file = Files.writeString(directory.resolve("password"), "first\n");
        PostgresConfig config = postgres("jdbc:postgresql://db/shop", null, file.toString());

        assertThat(config.readPassword()).isEqualTo("first");
        Files.writeString(file, "second\n");
        assertThat(config.readPassword()).isEqualTo("second");
    }

    @Test
    void namesThePasswordFileThatCannotBeRead() {
        Path file = directory.resolve("nowhere");
        PostgresConfig config = postgres("jdbc:postgresql://db/shop", null, file.toString());

        assertThatThrownBy(config::readPassword)
                .isInstanceOf(ConfigurationProblem.class)
                .hasMessageContaining(
                        "postgres.passwordFile " + file + " does not exist, so tidemark_relay cannot log in")
                .hasMessageNotContaining("Exception");
    }

    @Test
    void readsKafkasPropertiesFileForEachClient() throws IOException {
        Path file = Files.writeString(directory.resolve("kafka.properties"), "sasl.jaas.config=first\n");
        KafkaConfig kafka = new KafkaConfig("broker:9092", Map.of("sasl.jaas.config", "none"), file.toString(), null);

        assertThat(kafka.client("one", Map.of())).containsEntry("sasl.jaas.config", "first");
        Files.writeString(file, "sasl.jaas.config=second\n");
        assertThat(kafka.client("two", Map.of())).containsEntry("sasl.jaas.config", "second");
    }

    @Test
    void reportsTheProblemOfKafkasPropertiesFile() throws IOException {
        Path file = Files.writeString(directory.resolve("kafka.properties"), "acks=0\n");
        KafkaConfig kafka = new KafkaConfig("broker:9092", null, file.toString(), null);

        assertThatThrownBy(() -> kafka.client("one", Map.of()))
                .isInstanceOf(ConfigurationProblem.class)
                .hasMessageContaining("sets none of security.*");
        Files.writeString(file, "s3cr3t-value\n"); // a password file ends with a line break
        assertThatThrownBy(() -> kafka.client("one", Map.of()))
                .isInstanceOf(ConfigurationProblem.class)
                .hasMessageContaining("sets none of security.*")
                .hasMessageNotContaining("s3cr3t");
        Files.writeString(file, "max.request.size=1\n");
        assertThatThrownBy(() -> kafka.client("one", Map.of()))
                .isInstanceOf(ConfigurationProblem.class)
                .hasMessageContaining("sets max.request.size")
                .hasMessageContaining("kafka.properties");
        Files.delete(file);
        assertThatThrownBy(() -> kafka.client("one", Map.of()))
                .isInstanceOf(ConfigurationProblem.class)
                .hasMessage("kafka.propertiesFile " + file + " cannot be read: it does not exist");
    }

    @Test
    void printsNoPassword() {
        PostgresConfig postgres =
                postgres("jdbc:postgresql://db/shop?sslmode=require&sslpassword=s3cret", "s3cret", null);
        KafkaConfig kafka = new KafkaConfig("broker:9092", Map.of("sasl.jaas.config", "s3cret"), null, null);

        assertThat(postgres).hasToString("tidemark_relay@jdbc:postgresql://db/shop");
        assertThat(kafka).hasToString("broker:9092 [sasl.jaas.config]");
    }

    private static PostgresConfig postgres(String url, @Nullable String password, @Nullable String passwordFile) {
        return new PostgresConfig(url, "tidemark_relay", password, passwordFile, null, null, null);
    }
}
