package io.tidemark.relay.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dropwizard.logging.common.BootstrapLogging;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.check.SourceInstallation;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tidemark init CONFIG}. */
@Command(
        name = "init",
        description = "Makes the outbox, its publication and the replication slot, as far as they are missing.")
final class InitCommand implements Callable<Integer> {

    @Parameters(paramLabel = "CONFIG", description = "The YAML file.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path file;

    @Option(names = "--print-sql", description = "Only print the SQL that would make everything.")
    private boolean printSql;

    @Option(names = "--json", description = "Print one JSON object: {\"done\": […]}, or {\"sql\": […]}.")
    private boolean json;

    @Option(
            names = "--user",
            description = "An administrator to do it as, instead of postgres.user; it needs the right to create"
                    + " schemas, roles, publications and slots.")
    private @Nullable String user;

    @Option(names = "--password-file", description = "That administrator's password.")
    private @Nullable String passwordFile;

    @Override
    public Integer call() throws Exception {
        BootstrapLogging.bootstrap();
        RelayConfiguration config = ConfigurationFile.read(file);
        PostgresConfig configured = config.postgres();
        PostgresConfig postgres = user == null ? configured : configured.as(user, passwordFile);
        SourceInstallation installation = new SourceInstallation(postgres, config.outbox());
        if (printSql) {
            print("sql", installation.script());
            return TidemarkCli.FINE;
        }
        try (Connection connection = new SourceDatabase(postgres).connect("init")) {
            print("done", installation.install(connection));
        }
        return TidemarkCli.FINE;
    }

    private void print(String name, List<String> lines) {
        if (!json) {
            lines.forEach(System.out::println);
            return;
        }
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        ArrayNode array = object.putArray(name);
        lines.forEach(array::add);
        System.out.println(object);
    }
}
