// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;

/** An open transaction: events with their audit rows, and other statements of the test in between. */
public final class OpenWrites implements AutoCloseable {

    private final Connection connection;

    private OpenWrites(Connection connection) {
        this.connection = connection;
    }

    public static OpenWrites begin(TestSource source) throws SQLException {
        Connection connection = source.connect();
        connection.setAutoCommit(false);
        return new OpenWrites(connection);
    }

    /** Commits one event in a separate transaction. */
    public static void commitOne(TestSource source, String aggregateId) throws SQLException {
        try (OpenWrites one = begin(source)) {
            one.event(aggregateId).commit();
        }
    }

    /** Adds an event and its audit row, in one statement. */
    public OpenWrites event(String aggregateId) throws SQLException {
        return events(aggregateId, 1);
    }

    /** Adds this number of events of one aggregate. */
    public OpenWrites events(String aggregateId, int count) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(
                "with event as (insert into outbox.event (aggregate_type, aggregate_id, event_type, payload)"
                        + " select 'order', ?, 't', 'payload ' || n from generate_series(1, ?) n"
                        + " returning id, aggregate_id) insert into audit.entry (event_id, aggregate_id)"
                        + " select id, aggregate_id from event")) {
            insert.setString(1, aggregateId);
            insert.setInt(2, count);
            insert.executeUpdate();
        }
        return this;
    }

    public OpenWrites execute(String... statements) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
        return this;
    }

    public void commit() throws SQLException {
        connection.commit();
    }

    public void rollback() throws SQLException {
        connection.rollback();
    }

    /** Prepares the transaction. Any session can commit it or roll it back under this name. */
    public void prepare(String name) throws SQLException {
        execute("prepare transaction '" + name + "'");
        connection.commit(); // only for the driver: the session has no open transaction any more
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
