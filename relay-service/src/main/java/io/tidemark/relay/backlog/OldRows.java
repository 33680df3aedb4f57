// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.backlog;

import io.tidemark.relay.capture.TableRows;
import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.source.SourceNotReady;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads the rows that {@code outbox.backlog} lists for a slot, in their order, a few at a time. One thread. */
final class OldRows {

    /** A row has up to a megabyte. */
    private static final int ROWS_AT_ONCE = 100;

    private final Connection connection;
    private final String slot;
    private final OutboxConfig outbox;
    private final TableRows table;
    private final String sql;
    private final Instant now = Instant.now();

    OldRows(Connection connection, String slot, OutboxConfig outbox) throws SQLException {
        this.connection = connection;
        this.slot = slot;
        this.outbox = outbox;
        this.table = TableRows.of(connection, outbox);
        String id = String.valueOf(outbox.columns().id());
        String sameRow = "e.\"" + id + "\" = b.id::" + table.typeOf(id);
        this.sql = "select b.n, b.id is null, e.tableoid is not null, " + table.columns("e")
                + " from (select n, id, created_at from outbox.backlog where slot_name = ? and n > ? order by n limit "
                + ROWS_AT_ONCE + ") b left join " + outbox.quotedTable() + " e on " + sameRow
                + (outbox.isOwn() ? " and e.created_at = b.created_at" : "") + " order by b.n";
    }

    /**
     * The next rows; none at the end.
     *
     * @param number of the last row before them
     * @throws SourceNotReady when it cannot be determined which row of the table is meant
     */
    List<OldRow> after(long number) throws SourceNotReady, SQLException {
        List<OldRow> rows = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement(sql)) {
            select.setString(1, slot);
            select.setLong(2, number);
            try (ResultSet row = select.executeQuery()) {
                long before = number;
                while (row.next()) {
                    long next = row.getLong(1);
                    requireClear(row, before, next);
                    rows.add(new OldRow(
                            next, row.getBoolean(3) ? Optional.of(table.read(row, 4, now)) : Optional.empty()));
                    before = next;
                }
            }
        }
        return rows;
    }

    private void requireClear(ResultSet row, long before, long next) throws SourceNotReady, SQLException {
        if (row.getBoolean(2)) {
            throw new SourceNotReady("row " + next + " of outbox.backlog has no id, because " + outbox.table()
                    + " had a row without one when the slot was made. Neither it nor anything behind it is published."
                    + " To leave it out: delete from outbox.backlog where slot_name = '" + slot + "' and n = " + next
                    + "; then run again: tidemark init CONFIG --existing publish");
        }
        if (next == before) {
            throw new SourceNotReady("the id of row " + next + " of outbox.backlog is that of several rows of "
                    + outbox.table() + ", so which of them is older than the slot is unknown. Neither they nor"
                    + " anything behind them is published. To leave them out: delete from outbox.backlog where"
                    + " slot_name = '" + slot + "' and n = " + next
                    + "; then run again: tidemark init CONFIG --existing publish");
        }
    }
}
