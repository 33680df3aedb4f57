// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config.file;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import io.dropwizard.configuration.ConfigurationException;
import io.dropwizard.configuration.YamlConfigurationFactory;
import io.dropwizard.jackson.Jackson;
import io.dropwizard.jersey.validation.Validators;
import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.config.RelayConfiguration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads the YAML file, with {@code ${VAR:-default}} replaced from the environment. */
public final class ConfigurationFile {

    private ConfigurationFile() {}

    /**
     * Reads and checks the file.
     *
     * @throws ConfigurationProblem with one message for people: file missing, variable unset, key unknown (with "did
     *     you mean"), value of a wrong type, or rejected by its check; it never quotes a password
     */
    public static RelayConfiguration read(Path file) {
        try {
            JsonNode tree = ConfigurationTree.read(Files.readString(file), System.getenv());
            KnownKeys.check(tree);
            refuseEmpty(tree, "http", "bearerTokenFile", "every request would be accepted");
            refuseEmpty(tree, "tokens", "secretFile", "tokens would be neither sealed nor checked");
            return new TreeFactory().build(tree, file.toString());
        } catch (NoSuchFileException e) {
            throw new ConfigurationProblem("configuration file " + file + " does not exist", e);
        } catch (ConfigurationException | IOException | RuntimeException e) {
            throw new ConfigurationProblem(file + ": " + ConfigurationMistake.explain(e), e);
        }
    }

    /** A key without a value counts as absent, which must not turn off what the key is there for. */
    private static void refuseEmpty(JsonNode file, String block, String key, String effect) {
        if (file.path(block).path(key).isNull()) {
            throw new ConfigurationProblem(
                    block + "." + key + " has no value, so " + effect + "; name the file, or remove the key");
        }
    }

    /** Dropwizard's factory, for a file that is already parsed. */
    private static final class TreeFactory extends YamlConfigurationFactory<RelayConfiguration> {

        TreeFactory() {
            super(
                    RelayConfiguration.class,
                    Validators.newValidator(),
                    Jackson.newObjectMapper() // lenient by default
                            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES),
                    "tidemark");
        }

        @Override
        protected RelayConfiguration build(JsonNode tree, String path) throws IOException, ConfigurationException {
            return super.build(tree, path);
        }
    }
}
