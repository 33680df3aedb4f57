// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.OutboxConfig;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.Set;

/** Whether the outbox table has every column that its rows are read from. */
public final class OutboxShape {

    private OutboxShape() {}

    /**
     * A WAL position at or after which the table was seen with all its columns. A row below it that lacks a column was
     * written before the column was added again. {@link Lsn#ZERO} when the table lacks one now.
     */
    public static Lsn completeAt(Connection connection, OutboxConfig outbox) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            Lsn head; // read before the columns, so that rows written later are not judged by them
            try (ResultSet row = statement.executeQuery("select pg_current_wal_flush_lsn()::text")) {
                row.next();
                head = Lsn.parse(row.getString(1));
            }
            Set<String> columns = new HashSet<>();
            // by name: a cast to regclass would need rights on the table's schema
            try (ResultSet names = statement.executeQuery("select attname from pg_attribute a"
                    + " join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace"
                    + " where nspname = '" + outbox.schemaName() + "' and relname = '" + outbox.tableName()
                    + "' and attnum > 0 and not attisdropped")) {
                while (names.next()) {
                    columns.add(names.getString(1));
                }
            }
            return columns.containsAll(OutboxRow.columnsOf(outbox)) ? head : Lsn.ZERO;
        }
    }
}
