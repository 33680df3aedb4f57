// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.audit;

import io.tidemark.relay.account.IdHash;
import io.tidemark.relay.config.OutboxConfig;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The rows of the outbox from a day on, as one snapshot shows them, without their payloads. One thread. */
final class AuditedRows {

    private static final int ROWS_AT_ONCE = 5_000;

    private final Connection connection;
    private final AuditedTable table;
    private final OffsetDateTime from;
    private final String selected;

    private AuditedRows(Connection connection, AuditedTable table, LocalDate since) {
        this.connection = connection;
        this.table = table;
        this.selected = isEveryRow(table, since) ? "" : " where " + table.createdAt() + " >= ?";
        this.from = since.atStartOfDay().atOffset(ZoneOffset.UTC);
    }

    /** In a table of somebody else's, a row may have no time, or one before 1970. */
    private static boolean isEveryRow(AuditedTable table, LocalDate since) {
        return !table.isOwn() && since.equals(LocalDate.EPOCH);
    }

    /**
     * Fixes the snapshot, which stays until the connection is closed.
     *
     * @throws AuditProblem if {@code since} selects days and the table does not have the time of a row
     */
    static AuditedRows open(Connection connection, OutboxConfig outbox, LocalDate since)
            throws SQLException, AuditProblem {
        connection.setNetworkTimeout(Runnable::run, 0); // keepalives are on
        connection.setAutoCommit(false);
        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        connection.setReadOnly(true);
        try (Statement statement = connection.createStatement()) {
            // Row-level security would hide rows: with it off, that is an error.
            statement.execute("set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0;"
                    + " set local row_security = off; set local timezone = 'UTC'");
            AuditedTable table = AuditedTable.of(outbox, connection);
            if (table.createdAt() == null && !since.equals(LocalDate.EPOCH)) {
                throw new AuditProblem(
                        "--since needs the time of a row, and outbox.columns.createdAt names no column of "
                                + outbox.table() + "; name one, or leave --since out");
            }
            // the first query fixes what the transaction sees
            statement.execute("select from " + table.table() + " limit 1");
            return new AuditedRows(connection, table, since);
        }
    }

    Set<String> aggregateTypes() throws SQLException {
        try (PreparedStatement select = prepare("select distinct " + table.aggregateType())) {
            Set<String> types = new TreeSet<>();
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    types.add(row.getString(1));
                }
            }
            return types;
        }
    }

    private PreparedStatement prepare(String what) throws SQLException {
        PreparedStatement select = connection.prepareStatement(what + " from " + table.table() + selected);
        if (!selected.isEmpty()) {
            select.setObject(1, from);
        }
        return select;
    }

    boolean isOwn() {
        return table.isOwn();
    }

    /** The day before which no record of these rows was written. Today if the audit has no rows. */
    LocalDate firstDay() throws SQLException {
        if (selected.isEmpty()) {
            return LocalDate.EPOCH;
        }
        try (PreparedStatement select = prepare("select coalesce((min(" + table.createdAt()
                + ") at time zone 'UTC')::date, (now() at time zone 'UTC')::date)")) {
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getObject(1, LocalDate.class);
            }
        }
    }

    /** Receives each row. */
    @FunctionalInterface
    interface Sink {
        void accept(Row row);
    }

    /**
     * A row; its id's hash is that of {@link IdHash#of}.
     *
     * @param createdAt null if the row has no time; its day is then {@link AuditReport#NO_DAY}
     */
    record Row(
            String id,
            @Nullable OffsetDateTime createdAt,
            LocalDate day,
            long hash,
            long idHigh,
            long idLow,
            long content) {}

    void forEach(Sink sink) throws SQLException {
        IdHash hash = new IdHash();
        String createdAt = table.createdAt() == null ? "null::timestamptz" : table.createdAt();
        try (PreparedStatement select = prepare("select " + table.id() + ", " + createdAt + ", " + table.content())) {
            select.setFetchSize(ROWS_AT_ONCE);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    String id = row.getString(1);
                    OffsetDateTime time = row.getObject(2, OffsetDateTime.class);
                    sink.accept(new Row(
                            id,
                            time,
                            time == null
                                    ? AuditReport.NO_DAY
                                    : time.withOffsetSameInstant(ZoneOffset.UTC).toLocalDate(),
                            hash.of(id),
                            hash.high(),
                            hash.low(),
                            ByteBuffer.wrap(row.getBytes(3)).getLong()));
                }
            }
        }
    }
}
