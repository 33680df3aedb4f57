// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source.check;

import io.tidemark.outbox.Migration;
import io.tidemark.relay.source.SourceNotReady;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Whether an outbox that an earlier version made has what the relay itself needs. */
final class OutboxMigrations {

    /**
     * Without {@link Migration#EMIT}: it adds {@code outbox.emit} for writers; a database without it has no such
     * events.
     */
    private static final List<Migration> NEEDED = List.of(Migration.BASE, Migration.TABLE, Migration.PARTITIONS);

    private OutboxMigrations() {}

    /**
     * The problem: missing migrations, or else missing rights that came with them.
     *
     * @param user the user's name as SQL must write it
     */
    static Optional<SourceNotReady> problem(Connection connection, String database, String user) throws SQLException {
        List<String> missing = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement("select from outbox.migration where version = ?")) {
            for (Migration migration : NEEDED) {
                select.setInt(1, migration.version());
                try (ResultSet row = select.executeQuery()) {
                    if (!row.next()) {
                        missing.add(migration.fileName());
                    }
                }
            }
        }
        if (!missing.isEmpty()) {
            return Optional.of(new SourceNotReady("the outbox in database " + database + " lacks migration "
                    + String.join(", ", missing) + "; run: tidemark init CONFIG"));
        }
        return mayCleanUp(connection)
                ? Optional.empty()
                : Optional.of(new SourceNotReady(
                        "user " + user + " may not clean up the outbox; run: grant" + " tidemark_relay to " + user));
    }

    private static boolean mayCleanUp(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "select bool_and(has_function_privilege(oid, 'execute')) from pg_proc where pronamespace ="
                                + " 'outbox'::regnamespace and proname in ('partitions', 'make_partitions',"
                                + " 'lock_partition', 'drop_partition', 'empty_partition', 'delete_old_rows')")) {
            return row.next() && row.getBoolean(1);
        }
    }
}
