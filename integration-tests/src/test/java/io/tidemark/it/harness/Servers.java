// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.quickstart.stack.KafkaServer;
import io.tidemark.quickstart.stack.LocalStack;
import io.tidemark.quickstart.stack.PostgresServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Properties;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGProperty;
import org.testcontainers.kafka.KafkaContainer;
import org.testcontainers.postgresql.PostgreSQLContainer;

/**
 * The Postgres and the Kafka that all tests of this JVM share: containers if a Docker engine answers and has the
 * images, otherwise the quickstart's child processes. Started once, ended with the JVM. Each test has its own databases
 * and topics.
 */
public final class Servers {

    private static @Nullable Servers shared;

    private final String postgresAddress;
    private final String user;
    private final String password;
    private final String bootstrapServers;
    private final int replicationFactor;

    private Servers(
            String postgresAddress, String user, String password, String bootstrapServers, int replicationFactor) {
        this.postgresAddress = postgresAddress;
        this.user = user;
        this.password = password;
        this.bootstrapServers = bootstrapServers;
        this.replicationFactor = replicationFactor;
    }

    /** A Postgres and a Kafka of the quickstart's stack, with these addresses ({@code host:port}). */
    static Servers at(String postgresAddress, String bootstrapServers, int replicationFactor) {
        return new Servers(
                postgresAddress, PostgresServer.USER, PostgresServer.PASSWORD, bootstrapServers, replicationFactor);
    }

    /** The servers. The first call starts them. */
    public static synchronized Servers shared() {
        if (shared == null) {
            shared = ContainerImages.arePresent() ? inContainers() : asProcesses();
        }
        return shared;
    }

    private static Servers inContainers() {
        PostgreSQLContainer postgres = new PostgreSQLContainer(ContainerImages.POSTGRES)
                .withCommand(
                        "postgres",
                        "-c",
                        "wal_level=logical",
                        "-c",
                        "max_wal_senders=40",
                        "-c",
                        "max_replication_slots=60",
                        "-c",
                        "max_connections=200");
        KafkaContainer kafka = new KafkaContainer(ContainerImages.KAFKA);
        postgres.start();
        kafka.start();
        return new Servers(
                postgres.getHost() + ":" + postgres.getMappedPort(5432),
                postgres.getUsername(),
                postgres.getPassword(),
                kafka.getBootstrapServers(),
                1);
    }

    private static Servers asProcesses() {
        LocalStack stack =
                LocalStack.start(Path.of(System.getProperty("servers.dir")), FreePorts.next(), FreePorts.next());
        Runtime.getRuntime().addShutdownHook(new Thread(stack::close, "servers-stop"));
        return at("127.0.0.1:" + stack.postgres().port(), stack.kafka().bootstrapServers(), 1);
    }

    /** The same Kafka with the test's own Postgres servers, one of which is the primary. */
    public static Servers with(PostgresServer... postgres) {
        String addresses = Arrays.stream(postgres)
                .map(server -> "127.0.0.1:" + server.port())
                .collect(Collectors.joining(","));
        return at(addresses, shared().bootstrapServers, 1);
    }

    /** The test's own servers. */
    public static Servers of(PostgresServer postgres, KafkaServer kafka) {
        return at("127.0.0.1:" + postgres.port(), kafka.bootstrapServers(), 1);
    }

    /** The same with Postgres behind this link. */
    public Servers through(TcpProxy postgresLink) {
        return new Servers(postgresLink.address(), user, password, bootstrapServers, replicationFactor);
    }

    public String url(String database) {
        return "jdbc:postgresql://" + postgresAddress + "/" + database
                + (postgresAddress.contains(",") ? "?targetServerType=primary" : "");
    }

    public String user() {
        return user;
    }

    public String password() {
        return password;
    }

    public String bootstrapServers() {
        return bootstrapServers;
    }

    /** Number of replicas of a topic here. */
    public int replicationFactor() {
        return replicationFactor;
    }

    /** A new connection as the superuser. */
    public Connection connect(String database) throws SQLException {
        Properties properties = new Properties();
        PGProperty.USER.set(properties, user);
        PGProperty.PASSWORD.set(properties, password);
        PGProperty.HOST_RECHECK_SECONDS.set(properties, "0"); // a standby may just have been promoted
        return DriverManager.getConnection(url(database), properties);
    }

    void execute(String database, String... statements) throws SQLException {
        try (Connection connection = connect(database);
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }
}
