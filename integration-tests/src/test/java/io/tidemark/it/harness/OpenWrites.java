package io.tidemark.it.harness;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;

/** A transaction held open: events with their audit rows, and whatever else the test puts between them. */
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

    /** Commits one event in a transaction of its own. */
    public static void commitOne(TestSource source, String aggregateId) throws SQLException {
        try (OpenWrites one = begin(source)) {
            one.event(aggregateId).commit();
        }
    }

    /** Adds an event and its audit row, of one statement. */
    public OpenWrites event(String aggregateId) throws SQLException {
        return events(aggregateId, 1);
    }

    /** Adds so many of one aggregate. */
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

    /** Ends it here, to be committed or rolled back under this name by any session. */
    public void prepare(String name) throws SQLException {
        execute("prepare transaction '" + name + "'");
        connection.commit(); // for the driver alone: the session has no transaction any more
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
