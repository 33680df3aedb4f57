// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replay;

import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.publish.PublishFailure;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * The selected rows of {@code outbox.event} as one snapshot shows them, read a few at a time: memory does not grow with
 * their number. One thread; from {@link #open} on, this object owns the connection.
 */
final class RetainedRows {

    /** A row has up to a megabyte. */
    private static final int ROWS_AT_ONCE = 100;

    /**
     * By {@code created_at}, which by default is when the transaction began; within a transaction in the order of its
     * commands, and within a command in the order of its rows. Not {@code xmin}, because a savepoint has a different
     * one.
     */
    private static final String ORDER = " order by created_at, cmin::text::bigint, ctid";

    private final Connection connection;
    private final Selection selection;

    private RetainedRows(Connection connection, Selection selection) {
        this.connection = connection;
        this.selection = selection;
    }

    /** Fixes the snapshot. It stays until the connection is closed, and so do its rows. */
    static RetainedRows open(Connection connection, Selection selection) throws SQLException {
        connection.setNetworkTimeout(Runnable::run, 0); // sorting can take long; keepalives are on
        connection.setAutoCommit(false);
        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        connection.setReadOnly(true);
        try (Statement statement = connection.createStatement()) {
            statement.execute("set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0");
            statement.execute("select from outbox.event limit 1"); // the first query fixes what the transaction sees
        }
        return new RetainedRows(connection, selection);
    }

    /**
     * Number of rows of an aggregate type.
     *
     * @param deadLetters how many of them are dead letters
     * @param rows how many are not
     * @param withoutPayload how many of {@code rows} have no payload
     */
    record Count(String aggregateType, long deadLetters, long rows, long withoutPayload) {}

    /** @param deadLetters ids of events */
    List<Count> count(Collection<String> deadLetters) throws SQLException {
        String sql = "select aggregate_type, count(*) filter (where dead), count(*) filter (where not dead),"
                + " count(*) filter (where not dead and num_nonnulls(payload, payload_binary) = 0)"
                + " from (select *, id::text = any (?) as dead from outbox.event " + selection.condition()
                + ") selected group by 1 order by 1";
        List<Count> counts = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement(sql)) {
            select.setArray(1, connection.createArrayOf("text", deadLetters.toArray()));
            selection.bind(connection, select, 2);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    counts.add(new Count(row.getString(1), row.getLong(2), row.getLong(3), row.getLong(4)));
                }
            }
        }
        return counts;
    }

    /** Receives each row. */
    @FunctionalInterface
    interface Sink {
        void accept(CapturedEvent event) throws PublishFailure, InterruptedException;
    }

    void forEach(Sink sink) throws SQLException, PublishFailure, InterruptedException {
        String sql = "select id::text, aggregate_type, aggregate_id, event_type, payload, payload_binary, content_type,"
                + " headers::text, traceparent, tracestate, created_at from outbox.event " + selection.condition()
                + ORDER;
        try (PreparedStatement select = connection.prepareStatement(sql)) {
            select.setFetchSize(ROWS_AT_ONCE);
            selection.bind(connection, select, 1);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    sink.accept(event(row));
                }
            }
        }
    }

    private static CapturedEvent event(ResultSet row) throws SQLException {
        byte[] text = row.getBytes(5); // UTF-8, as received
        return new CapturedEvent(
                row.getString(1),
                row.getString(2),
                row.getString(3),
                row.getString(4),
                text != null ? text : row.getBytes(6),
                row.getString(7),
                row.getString(8),
                row.getString(9),
                row.getString(10),
                row.getObject(11, OffsetDateTime.class).toInstant().toEpochMilli());
    }
}
