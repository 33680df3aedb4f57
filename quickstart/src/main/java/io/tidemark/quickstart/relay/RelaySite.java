// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.relay;

import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.quickstart.stack.LocalStack;
import io.tidemark.quickstart.stack.PostgresServer;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.source.check.SourceInstallation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Locale;

/**
 * Everything that a relay needs to start beside a stack.
 *
 * @param config its configuration file
 * @param log its log file
 * @param url the address of its HTTP API
 */
public record RelaySite(Path config, Path log, String url) {

    /** Partitions of the topics that the relay creates. */
    public static final int PARTITIONS = 4;

    private static final String USER = "tidemark_relay";
    private static final String PASSWORD = "tidemark";

    /**
     * Creates database, outbox, publication and slot if they are missing, and writes the configuration.
     *
     * @param projection a consumer group over one topic, whose watermark the relay returns
     * @param port port of the HTTP API
     */
    public static RelaySite prepare(
            Path dir, LocalStack stack, String database, String projection, String topic, int port) throws Exception {
        Path config = dir.resolve("relay.yml");
        Files.writeString(
                config,
                String.format(
                        Locale.ROOT,
                        """
                postgres:
                  url: jdbc:postgresql://127.0.0.1:%d/%s
                  user: %s
                  password: %s
                kafka:
                  bootstrapServers: %s
                  topics: {partitions: %d, replicationFactor: 1}
                projections:
                  - {name: %s, topics: [%s]}
                server:
                  applicationConnectors: [{type: http, bindHost: 127.0.0.1, port: %d}]
                  adminConnectors: [{type: http, bindHost: 127.0.0.1, port: %d}]
                  requestLog: {appenders: []}
                """,
                        stack.postgres().port(),
                        database,
                        USER,
                        PASSWORD,
                        stack.kafka().bootstrapServers(),
                        PARTITIONS,
                        projection,
                        topic,
                        port,
                        FreePorts.next()));
        stack.postgres().createDatabase(database);
        install(stack, database, config);
        return new RelaySite(config, dir.resolve("relay.log"), "http://127.0.0.1:" + port);
    }

    /** Turns on the console, before the relay starts. */
    public RelaySite withConsole() throws IOException {
        Files.writeString(config, "console: {enabled: true}\n", StandardOpenOption.APPEND);
        return this;
    }

    /** Does the same as {@code tidemark init}, as the superuser. The relay runs with its own limited rights. */
    private static void install(LocalStack stack, String database, Path config) throws Exception {
        try (Connection connection = stack.postgres().connect(database);
                Statement statement = connection.createStatement()) {
            RelayConfiguration file = ConfigurationFile.read(config);
            PostgresConfig relay = file.postgres();
            PostgresConfig superuser = new PostgresConfig(
                    relay.url(),
                    PostgresServer.USER,
                    PostgresServer.PASSWORD,
                    null,
                    relay.slot(),
                    relay.publication(),
                    null);
            new SourceInstallation(superuser, file.outbox()).install(connection);
            statement.execute("alter role " + USER + " password '" + PASSWORD + "'");
            statement.execute("grant pg_read_all_stats to " + USER); // so that the console can show what is sent
        }
    }
}
