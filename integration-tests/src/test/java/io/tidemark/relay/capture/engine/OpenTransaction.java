// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.Lsn;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;

/** A transaction with an xid, and the LSN of its commit record in the WAL, read with {@code pg_walinspect}. */
final class OpenTransaction implements AutoCloseable {

    private final TestSource source;
    private final Connection connection;
    private final String xid;
    private final Lsn begin;

    private OpenTransaction(TestSource source) throws SQLException {
        this.source = source;
        this.connection = source.connect();
        connection.setAutoCommit(false);
        this.begin = Lsn.parse(query("select pg_current_wal_flush_lsn()::text"));
        this.xid = query("select pg_current_xact_id()::xid::text");
    }

    /** Begins the transaction. The source must have the extension {@code pg_walinspect}. */
    static OpenTransaction begin(TestSource source) throws SQLException {
        return new OpenTransaction(source);
    }

    Connection connection() {
        return connection;
    }

    OpenTransaction execute(String... statements) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
        return this;
    }

    OpenTransaction publish(String payload) throws SQLException {
        return execute("select outbox.publish('order', 'a', 'changed', '" + payload + "'::text)");
    }

    /** Commits and returns the end of the commit record. */
    Lsn commit() throws SQLException {
        connection.commit();
        return Lsn.parse(wal("max(end_lsn)", "resource_manager = 'Transaction' and record_type like 'COMMIT%'"));
    }

    /** The start of this transaction's latest insert of a row. */
    Lsn lastInsert() throws SQLException {
        return Lsn.parse(wal("max(start_lsn)", "resource_manager = 'Heap' and record_type like 'INSERT%'"));
    }

    private String wal(String what, String which) throws SQLException {
        // A commit that has written to a table that is not published also flushes the other WAL buffers.
        source.execute("insert into audit.entry (event_id, aggregate_id) values (gen_random_uuid(), 'flush')");
        return query("select " + what + "::text from pg_get_wal_records_info('" + begin
                + "', pg_current_wal_flush_lsn()) where xid = '" + xid + "' and " + which);
    }

    private String query(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            @Nullable String value = row.getString(1);
            if (value == null) {
                throw new AssertionError("nothing found by " + sql);
            }
            return value;
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
