// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source.slot;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.ColumnsConfig;
import io.tidemark.relay.config.OutboxConfig;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;

/** Writes {@code outbox.slot} and {@code outbox.backlog} for one slot. One thread. */
final class Backlog {

    private final String slot;
    private final OutboxConfig outbox;

    Backlog(String slot, OutboxConfig outbox) {
        this.slot = slot;
        this.outbox = outbox;
    }

    /**
     * Commits that a slot of this name will be made. A slot without a recorded LSN then means that the older rows were
     * not recorded.
     */
    void announce(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        update(connection, "delete from outbox.backlog where slot_name = ?");
        update(
                connection,
                "insert into outbox.slot (slot_name) values (?) on conflict (slot_name) do update set created_lsn = null,"
                        + " created_at = now(), existing_rows = 0, existing_since = null, existing = null,"
                        + " existing_published_at = null");
        connection.commit();
        connection.setAutoCommit(true);
    }

    /**
     * Lists the rows that this transaction sees, which are the rows older than the slot. In the caller's transaction.
     *
     * @param began where the slot began
     * @param decision made before, if any
     */
    void record(Connection connection, Lsn began, Optional<ExistingRows.Decision> decision) throws SQLException {
        long rows =
                update(connection, "insert into outbox.backlog (slot_name, n, id, created_at) " + select(connection));
        try (PreparedStatement update = connection.prepareStatement(
                "update outbox.slot set created_lsn = ?::pg_lsn, existing_rows = ?, existing = ?, existing_since ="
                        + " (select min(created_at) from outbox.backlog b where b.slot_name = ?)"
                        + " where outbox.slot.slot_name = ? and created_lsn is null")) {
            update.setString(1, began.toString());
            update.setLong(2, rows);
            update.setString(
                    3,
                    decision.map(ExistingRows.Decision::column)
                            .filter(made -> rows > 0)
                            .orElse(null));
            update.setString(4, slot);
            update.setString(5, slot);
            if (update.executeUpdate() != 1) {
                throw new SQLException("outbox.slot was changed by somebody else while replication slot " + slot
                        + " was made; run it again");
            }
        }
    }

    /** Selects the rows in the order of publishing: by time, and within one transaction by command. */
    private String select(Connection connection) throws SQLException {
        if (outbox.isOwn()) {
            return "select ?, row_number() over (order by created_at, cmin::text::bigint, ctid), id::text, created_at"
                    + " from outbox.event";
        }
        ColumnsConfig columns = outbox.columns();
        String createdAt = columns.createdAt() == null ? "null::timestamptz" : time(connection, columns.createdAt());
        return "select ?, row_number() over (order by " + createdAt + ", tableoid, cmin::text::bigint, ctid), "
                + quoted(String.valueOf(columns.id())) + "::text, " + createdAt + " from " + outbox.quotedTable();
    }

    /** A timestamp without time zone is read as UTC, as the relay does when it reads it from the WAL. */
    private String time(Connection connection, String column) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet none = statement.executeQuery(
                        "select " + quoted(column) + " from " + outbox.quotedTable() + " limit 0")) {
            return none.getMetaData().getColumnTypeName(1).equals("timestamp")
                    ? quoted(column) + " at time zone 'UTC'"
                    : quoted(column);
        }
    }

    private static String quoted(String name) {
        return "\"" + name.replace("\"", "\"\"") + "\"";
    }

    private long update(Connection connection, String sql) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, slot);
            return statement.executeLargeUpdate();
        }
    }
}
