// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture;

import io.debezium.connector.postgresql.PostgresStreamingChangeEventSource.PgConnectionSupplier;
import io.debezium.connector.postgresql.PostgresType;
import io.debezium.connector.postgresql.connection.ReplicationMessage;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.OutboxConfig;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads rows of the outbox table, ours or an existing one, by SQL. Produces the same events as the stream, because the
 * same code reads both. One thread.
 */
public final class TableRows {

    private final OutboxRow reader;
    private final List<String> names;
    /** By column name; types as {@code pg_type} names them. */
    private final Map<String, String> types;

    private TableRows(OutboxConfig outbox, List<String> names, Map<String, String> types) {
        this.reader = new OutboxRow(outbox, Lsn.ZERO);
        this.names = names;
        this.types = types;
    }

    /** Reads the table's columns; they must not change while this object is in use. */
    public static TableRows of(Connection connection, OutboxConfig outbox) throws SQLException {
        List<String> names = OutboxRow.columnsOf(outbox).stream()
                .distinct()
                .map(String::intern)
                .toList();
        String list = names.stream().map(TableRows::quoted).collect(Collectors.joining(", "));
        try (Statement statement = connection.createStatement();
                ResultSet none =
                        statement.executeQuery("select " + list + " from " + outbox.quotedTable() + " limit 0")) {
            ResultSetMetaData columns = none.getMetaData();
            List<String> types = new ArrayList<>();
            for (int i = 1; i <= names.size(); i++) {
                types.add(columns.getColumnTypeName(i));
            }
            Map<String, String> typeOf = new HashMap<>();
            for (int i = 0; i < types.size(); i++) {
                typeOf.put(names.get(i), types.get(i));
            }
            return new TableRows(outbox, names, typeOf);
        }
    }

    /** The column's type, as {@code pg_type} names it. */
    public String typeOf(String column) {
        String type = types.get(column);
        if (type == null) {
            throw new IllegalStateException("column " + column + " is not one of those that are read");
        }
        return type;
    }

    /** The select list, in the order in which {@link #read} expects it. */
    public String columns(String alias) {
        return names.stream()
                .map(name -> alias + "." + quoted(name) + (isText(name) ? "::text" : ""))
                .collect(Collectors.joining(", "));
    }

    /**
     * Whether to select Postgres' own text of the value, as the stream carries it: {@code true} for a boolean, not
     * {@code t}.
     */
    private boolean isText(String name) {
        return switch (typeOf(name)) {
            case "bytea", "timestamptz", "timestamp" -> false;
            default -> true;
        };
    }

    /**
     * Reads the current row of the result set.
     *
     * @param first the number of the first of {@link #columns}
     * @param now the event's time if the table has no time column
     * @throws OutboxShapeChanged when the row is not a row of an outbox
     */
    public CapturedEvent read(ResultSet row, int first, Instant now) throws SQLException {
        List<ReplicationMessage.Column> columns = new ArrayList<>(names.size());
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            columns.add(new Value(name, value(row, first + i, typeOf(name))));
        }
        return reader.read(
                new Row(columns, now), io.debezium.connector.postgresql.connection.Lsn.valueOf(Lsn.ZERO.toString()));
    }

    private static @Nullable Object value(ResultSet row, int column, String type) throws SQLException {
        return switch (type) {
            case "bytea" -> row.getBytes(column);
            case "timestamptz" -> row.getObject(column, OffsetDateTime.class);
            case "timestamp" -> row.getObject(column, LocalDateTime.class);
            default -> row.getString(column);
        };
    }

    private static String quoted(String name) {
        return "\"" + name.replace("\"", "\"\"") + "\"";
    }

    /** An INSERT as the stream would deliver it. */
    private record Row(List<ReplicationMessage.Column> columns, Instant time) implements ReplicationMessage {

        @Override
        public Operation getOperation() {
            return Operation.INSERT;
        }

        @Override
        public Instant getCommitTime() {
            return time;
        }

        @Override
        public OptionalLong getTransactionId() {
            return OptionalLong.empty();
        }

        @Override
        public String getTable() {
            return "";
        }

        @Override
        public List<Column> getOldTupleList() {
            return List.of();
        }

        @Override
        public List<Column> getNewTupleList() {
            return columns;
        }

        @Override
        public boolean isLastEventForLsn() {
            return true;
        }
    }

    private record Value(String name, @Nullable Object value) implements ReplicationMessage.Column {

        @Override
        public String getName() {
            return name;
        }

        @Override
        public PostgresType getType() {
            return PostgresType.UNKNOWN;
        }

        @Override
        public ReplicationMessage.ColumnTypeMetadata getTypeMetadata() {
            throw new IllegalStateException("an outbox row is read by its values");
        }

        @Override
        public @Nullable Object getValue(PgConnectionSupplier connection, boolean includeUnknownDatatypes) {
            return value;
        }

        @Override
        public boolean isOptional() {
            return true;
        }
    }
}
