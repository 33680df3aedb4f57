package io.tidemark.relay.config.file;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.dropwizard.configuration.ConfigurationException;
import io.dropwizard.configuration.EnvironmentVariableSubstitutor;
import io.dropwizard.configuration.FileConfigurationSourceProvider;
import io.dropwizard.configuration.SubstitutingSourceProvider;
import io.dropwizard.configuration.YamlConfigurationFactory;
import io.dropwizard.jackson.Jackson;
import io.dropwizard.jersey.validation.Validators;
import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.config.RelayConfiguration;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads the YAML file, with {@code ${VAR:-default}} replaced from the environment. */
public final class ConfigurationFile {

    private ConfigurationFile() {}

    /**
     * Reads and checks the file.
     *
     * @throws ConfigurationProblem in one message for a person: file missing, variable unset, key unknown (with "did
     *     you mean"), value of a wrong type, or refused by its check; it never quotes a password
     */
    public static RelayConfiguration read(Path file) {
        ObjectMapper mapper = Jackson.newObjectMapper() // lenient by default
                .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
                .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT);
        YamlConfigurationFactory<RelayConfiguration> factory =
                new YamlConfigurationFactory<>(RelayConfiguration.class, Validators.newValidator(), mapper, "tidemark");
        SubstitutingSourceProvider source = new SubstitutingSourceProvider(
                new FileConfigurationSourceProvider(), new EnvironmentVariableSubstitutor(true, false));
        try {
            checkKeys(source, file);
            return factory.build(source, file.toString());
        } catch (FileNotFoundException | NoSuchFileException e) {
            throw new ConfigurationProblem("there is no configuration file " + file, e);
        } catch (ConfigurationException | IOException | RuntimeException e) {
            throw new ConfigurationProblem(file + ": " + ConfigurationMistake.explain(e), e);
        }
    }

    /** What is no YAML at all is left to be reported with its place. */
    private static void checkKeys(SubstitutingSourceProvider source, Path file) throws IOException {
        try (InputStream yaml = source.open(file.toString())) {
            KnownKeys.check(new YAMLMapper().readTree(yaml));
        } catch (JsonProcessingException e) {
            return;
        }
    }
}
