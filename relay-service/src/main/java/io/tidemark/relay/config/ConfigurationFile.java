package io.tidemark.relay.config;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dropwizard.configuration.ConfigurationException;
import io.dropwizard.configuration.EnvironmentVariableSubstitutor;
import io.dropwizard.configuration.FileConfigurationSourceProvider;
import io.dropwizard.configuration.SubstitutingSourceProvider;
import io.dropwizard.configuration.UndefinedEnvironmentVariableException;
import io.dropwizard.configuration.YamlConfigurationFactory;
import io.dropwizard.jackson.Jackson;
import io.dropwizard.jersey.validation.Validators;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Reads the YAML file, with {@code ${VAR:-default}} replaced from the environment. */
public final class ConfigurationFile {

    private ConfigurationFile() {}

    /**
     * Reads and checks the file.
     *
     * @throws ConfigurationProblem in one message for a person: file missing, variable unset, key unknown (with "did
     *     you mean"), value of a wrong type, or refused by its check
     */
    public static RelayConfiguration read(Path file) {
        ObjectMapper mapper = Jackson.newObjectMapper();
        YamlConfigurationFactory<RelayConfiguration> factory =
                new YamlConfigurationFactory<>(RelayConfiguration.class, Validators.newValidator(), mapper, "tidemark");
        SubstitutingSourceProvider source = new SubstitutingSourceProvider(
                new FileConfigurationSourceProvider(), new EnvironmentVariableSubstitutor(true, false));
        try {
            return factory.build(source, file.toString());
        } catch (FileNotFoundException | NoSuchFileException e) {
            throw new ConfigurationProblem("there is no configuration file " + file, e);
        } catch (ConfigurationException | IOException | RuntimeException e) {
            throw new ConfigurationProblem(explain(file, e), e);
        }
    }

    /** Our own sentence where one of the records refused a value; otherwise Dropwizard's, which names key and place. */
    private static String explain(Path file, Exception failure) {
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConfigurationProblem || cause instanceof UndefinedEnvironmentVariableException) {
                return file + ": " + String.valueOf(cause.getMessage()).strip();
            }
        }
        return String.valueOf(failure.getMessage()).strip();
    }
}
