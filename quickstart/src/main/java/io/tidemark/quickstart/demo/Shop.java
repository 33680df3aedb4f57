// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.demo;

import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.Tokens;
import io.tidemark.quickstart.stack.PostgresServer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/**
 * One till of the shop. Every new order and every change is a business row and an event in one transaction. One thread.
 */
final class Shop implements AutoCloseable {

    static final String DATABASE = "shop";
    /** The aggregate type; its topic is {@code outbox.order}. */
    static final String AGGREGATE_TYPE = "order";

    private final Connection connection;
    private final OutboxWriter outbox = new OutboxWriter();

    /**
     * A committed change of an order.
     *
     * @param version 1 for a new order, one more with every change
     * @param eventId id of its event
     * @param committedNanos when the commit returned, by {@link System#nanoTime}
     */
    record Change(long orderId, int version, String status, UUID eventId, long committedNanos) {}

    Shop(PostgresServer postgres) throws SQLException {
        connection = postgres.connect(DATABASE);
        connection.setAutoCommit(false);
    }

    static void install(PostgresServer postgres) throws SQLException {
        try (Connection connection = postgres.connect(DATABASE);
                Statement statement = connection.createStatement()) {
            statement.execute("""
                    create table if not exists orders (
                        id      bigint generated always as identity primary key,
                        version int    not null,
                        status  text   not null,
                        cents   int    not null)
                    """);
        }
    }

    /** A new order, with its event. */
    Change place() throws SQLException {
        int cents = ThreadLocalRandom.current().nextInt(100, 100_000);
        try (PreparedStatement insert = connection.prepareStatement(
                "insert into orders (version, status, cents) values (1, 'placed', ?) returning id")) {
            insert.setInt(1, cents);
            try (ResultSet row = insert.executeQuery()) {
                row.next();
                return publishAndCommit(row.getLong(1), 1, "placed", cents);
            }
        }
    }

    /** The next change of an order of this till, with its event. */
    Change pay(Change order) throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(
                "update orders set version = version + 1, status = 'paid' where id = ? returning version, cents")) {
            update.setLong(1, order.orderId());
            try (ResultSet row = update.executeQuery()) {
                row.next();
                return publishAndCommit(order.orderId(), row.getInt(1), "paid", row.getInt(2));
            }
        }
    }

    private Change publishAndCommit(long orderId, int version, String status, int cents) throws SQLException {
        String payload = "{\"orderId\":" + orderId + ",\"version\":" + version + ",\"status\":\"" + status
                + "\",\"cents\":" + cents + "}";
        String eventType = version == 1 ? "OrderPlaced" : "OrderPaid";
        UUID id = outbox.publish(
                connection,
                OutboxEvent.of(AGGREGATE_TYPE, Long.toString(orderId), eventType, payload)
                        .withContentType("application/json"));
        connection.commit();
        return new Change(orderId, version, status, id, System.nanoTime());
    }

    /** Covers every change this till has committed. */
    Token token() throws SQLException {
        Token token = Tokens.current(connection);
        connection.commit();
        return token;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
