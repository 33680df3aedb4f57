// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.tidemark.consumers.Event;
import io.tidemark.consumers.Projection;
import io.tidemark.consumers.ProjectionRunner;
import io.tidemark.consumers.ProjectionTables;
import io.tidemark.consumers.RunnerConfig;
import io.tidemark.consumers.RunnerSnapshot;
import io.tidemark.outbox.Position;
import io.tidemark.quickstart.stack.PostgresServer;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The projection: the newest state of every order, in a separate database. The library's runner applies each event
 * exactly once. This class has the handler, which runs on the runner's workers, and look-ups for any thread.
 */
final class OrdersView implements AutoCloseable {

    static final String DATABASE = "views";
    static final String NAME = "orders-view";
    static final String TOPIC = "outbox." + Shop.AGGREGATE_TYPE;

    /** One connection for each partition of the topic, and one for each reader of {@link #database}. */
    private static final int WORKERS = 4;

    private static final int CONNECTIONS = 2 * WORKERS;
    /** The first event creates the topic; the demo shows a later one. */
    private static final int METADATA_MAX_AGE_MILLIS = 1000;

    private final HikariDataSource database;
    private final ProjectionRunner runner;
    private final Map<String, Arrival> arrivals = new ConcurrentHashMap<>();

    /** Where and when an event arrived. */
    record Arrival(int partition, long offset, String position, long nanos) {}

    private OrdersView(HikariDataSource database, String bootstrapServers) {
        this.database = database;
        this.runner = ProjectionRunner.start(
                Projection.of(NAME, List.of(TOPIC), this::apply),
                RunnerConfig.of(
                                database,
                                Map.of(
                                        "bootstrap.servers", bootstrapServers,
                                        "metadata.max.age.ms", METADATA_MAX_AGE_MILLIS))
                        .workers(WORKERS));
    }

    static void install(PostgresServer postgres) throws SQLException {
        postgres.createDatabase(DATABASE);
        try (Connection connection = postgres.connect(DATABASE);
                Statement statement = connection.createStatement()) {
            ProjectionTables.create(connection);
            statement.execute("""
                    create table if not exists order_view (
                        id bigint primary key, version int not null, status text not null, cents int not null,
                        applied int not null default 1)
                    """);
        }
    }

    /** Starts the projection and returns immediately. */
    static OrdersView start(PostgresServer postgres, String bootstrapServers) {
        HikariConfig pool = new HikariConfig();
        pool.setJdbcUrl(postgres.url(DATABASE));
        pool.setUsername(PostgresServer.USER);
        pool.setPassword(PostgresServer.PASSWORD);
        pool.setMaximumPoolSize(CONNECTIONS);
        return new OrdersView(new HikariDataSource(pool), bootstrapServers);
    }

    private void apply(Event event, Connection view) throws SQLException, IOException {
        arrivals.putIfAbsent(
                event.id().toString(),
                new Arrival(
                        event.partition(),
                        event.offset(),
                        event.position().map(Position::toString).orElse(""),
                        System.nanoTime()));
        JsonNode order = event.json();
        try (PreparedStatement upsert = view.prepareStatement(
                "insert into order_view (id, version, status, cents) values (?, ?, ?, ?) on conflict (id) do update"
                        + " set version = excluded.version, status = excluded.status, cents = excluded.cents,"
                        + " applied = order_view.applied + 1")) {
            upsert.setLong(1, order.required("orderId").longValue());
            upsert.setInt(2, order.required("version").intValue());
            upsert.setString(3, order.required("status").textValue());
            upsert.setInt(4, order.required("cents").intValue());
            upsert.executeUpdate();
        }
    }

    /** The database of the view, with a pool of connections. */
    DataSource database() {
        return database;
    }

    /** Where an event arrived; null before it has arrived. */
    @Nullable
    Arrival arrivalOf(String eventId) {
        return arrivals.get(eventId);
    }

    int arrived() {
        return arrivals.size();
    }

    /** Why the projection has stopped; empty while it runs. */
    String failure() {
        RunnerSnapshot snapshot = runner.snapshot();
        if (!snapshot.isRunning()) {
            return snapshot.reason();
        }
        return snapshot.partitions().stream()
                .filter(partition -> partition.state() == RunnerSnapshot.State.STOPPED)
                .map(RunnerSnapshot.Partition::reason)
                .findFirst()
                .orElse("");
    }

    /** The version of the order in the view, or 0 if it is not there. For any thread with its own connection. */
    static int versionOf(Connection view, long orderId) throws SQLException {
        try (PreparedStatement select = view.prepareStatement("select version from order_view where id = ?")) {
            select.setLong(1, orderId);
            try (ResultSet row = select.executeQuery()) {
                return row.next() ? row.getInt(1) : 0;
            }
        }
    }

    @Override
    public void close() {
        try {
            runner.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        database.close();
    }
}
