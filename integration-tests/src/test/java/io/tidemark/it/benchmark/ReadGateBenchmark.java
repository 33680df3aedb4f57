// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.tidemark.consumers.GatedRead;
import io.tidemark.consumers.Projection;
import io.tidemark.consumers.ProjectionRunner;
import io.tidemark.consumers.ProjectionTables;
import io.tidemark.consumers.ReadGate;
import io.tidemark.consumers.RunnerConfig;
import io.tidemark.consumers.WatermarkClient;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.Token;
import io.tidemark.quickstart.measure.Latencies;
import java.net.URI;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The cost of the gate for a read whose projection has caught up: the same query with and without the gate,
 * alternating, each in its own transaction on a connection from the same pool. Run by name.
 */
class ReadGateBenchmark {

    private static final int READS = Integer.getInteger("gate.reads", 5_000);
    private static final int ROUNDS = 3;
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    @Test
    void readsThatAreCaughtUp() throws Exception {
        try (TestSource source = TestSource.create("gate");
                RelayProcess relay = RelayProcess.start(source).awaitRunning();
                HikariDataSource database = pool(source)) {
            try (Connection connection = source.connect()) {
                ProjectionTables.create(connection);
            }
            source.execute(
                    "create table orders (id text primary key, total int)", "insert into orders values ('4711', 42)");
            WatermarkClient relays = new WatermarkClient(List.of(URI.create(relay.url())));
            ReadGate gate = new ReadGate("view", database, relays);
            try (ProjectionRunner ignored = ProjectionRunner.start(
                    Projection.of("view", List.of(source.topic("order")), (event, connection) -> {}),
                    RunnerConfig.of(
                            database,
                            Map.of(
                                    "bootstrap.servers",
                                    source.servers().bootstrapServers(),
                                    "group.id",
                                    source.name() + "-view")))) {
                source.execute("select outbox.publish('order', '4711', 'Placed', 'x')");
                measure(source, database, gate);
            }
        }
    }

    private static HikariDataSource pool(TestSource source) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(source.servers().url(source.name()));
        config.setUsername(source.servers().user());
        config.setPassword(source.servers().password());
        config.setMaximumPoolSize(4);
        return new HikariDataSource(config);
    }

    private static void measure(TestSource source, HikariDataSource database, ReadGate gate) throws Exception {
        Token token = source.token();
        for (int round = 0; round <= ROUNDS; round++) { // the first warms up
            Latencies plain = new Latencies();
            Latencies gated = new Latencies();
            for (int i = 0; i < READS; i++) {
                long began = System.nanoTime();
                try (Connection connection = database.getConnection()) {
                    connection.setAutoCommit(false);
                    total(connection);
                    connection.rollback();
                    connection.setAutoCommit(true);
                }
                long between = System.nanoTime();
                GatedRead<Integer> read = gate.read(token, TIMEOUT, ReadGateBenchmark::total);
                gated.add(System.nanoTime() - between);
                plain.add(between - began);
                assertThat(read).isEqualTo(new GatedRead.Fresh<>(42));
            }
            System.out.printf("ReadGateBenchmark: round %d without the gate %s%n", round, plain);
            System.out.printf("ReadGateBenchmark: round %d with a known token %s%n", round, gated);
        }
        freshTokens(source, gate);
    }

    /** Each read asks the relay once. */
    private static void freshTokens(TestSource source, ReadGate gate) throws Exception {
        Latencies asked = new Latencies();
        gate.read(source.token(), TIMEOUT, ReadGateBenchmark::total);
        for (int i = 0; i < READS / 10; i++) {
            source.execute(
                    "select pg_logical_emit_message(true, 'benchmark', 'x')"); // so that the next token is different
            Token token = source.token();
            long began = System.nanoTime();
            assertThat(gate.read(token, TIMEOUT, ReadGateBenchmark::total)).isEqualTo(new GatedRead.Fresh<>(42));
            asked.add(System.nanoTime() - began);
        }
        System.out.printf("ReadGateBenchmark: with a new token, on an idle source %s%n", asked);
    }

    private static int total(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select total from orders where id = '4711'")) {
            row.next();
            return row.getInt(1);
        }
    }
}
