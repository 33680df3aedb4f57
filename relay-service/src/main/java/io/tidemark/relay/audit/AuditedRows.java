// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.audit;

import io.tidemark.relay.account.IdHash;
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

/** The rows of {@code outbox.event} from a day on, as one snapshot shows them, without their payloads. One thread. */
final class AuditedRows {

    private static final int ROWS_AT_ONCE = 5_000;

    private final Connection connection;
    private final OffsetDateTime from;

    private AuditedRows(Connection connection, LocalDate since) {
        this.connection = connection;
        this.from = since.atStartOfDay().atOffset(ZoneOffset.UTC);
    }

    /** Fixes the snapshot, which stays until the connection is closed. */
    static AuditedRows open(Connection connection, LocalDate since) throws SQLException {
        connection.setNetworkTimeout(Runnable::run, 0); // keepalives are on
        connection.setAutoCommit(false);
        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        connection.setReadOnly(true);
        try (Statement statement = connection.createStatement()) {
            // Row-level security would hide rows: with it off, that is an error.
            statement.execute("set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0;"
                    + " set local row_security = off");
            statement.execute("select from outbox.event limit 1"); // the first query fixes what the transaction sees
        }
        return new AuditedRows(connection, since);
    }

    Set<String> aggregateTypes() throws SQLException {
        try (PreparedStatement select =
                connection.prepareStatement("select distinct aggregate_type from outbox.event where created_at >= ?")) {
            select.setObject(1, from);
            Set<String> types = new TreeSet<>();
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    types.add(row.getString(1));
                }
            }
            return types;
        }
    }

    /** Today if the audit has no rows. */
    LocalDate firstDay() throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(
                "select coalesce((min(created_at) at time zone 'UTC')::date, (now() at time zone 'UTC')::date)"
                        + " from outbox.event where created_at >= ?")) {
            select.setObject(1, from);
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

    /** A row; its id's hash is that of {@link IdHash#of}. */
    record Row(String id, OffsetDateTime createdAt, LocalDate day, long hash, long idHigh, long idLow, long content) {}

    void forEach(Sink sink) throws SQLException {
        IdHash hash = new IdHash();
        try (PreparedStatement select = connection.prepareStatement(
                "select id::text, created_at, " + ContentHash.SQL + " from outbox.event where created_at >= ?")) {
            select.setFetchSize(ROWS_AT_ONCE);
            select.setObject(1, from);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    String id = row.getString(1);
                    OffsetDateTime createdAt = row.getObject(2, OffsetDateTime.class);
                    sink.accept(new Row(
                            id,
                            createdAt,
                            createdAt.withOffsetSameInstant(ZoneOffset.UTC).toLocalDate(),
                            hash.of(id),
                            hash.high(),
                            hash.low(),
                            ByteBuffer.wrap(row.getBytes(3)).getLong()));
                }
            }
        }
    }
}
