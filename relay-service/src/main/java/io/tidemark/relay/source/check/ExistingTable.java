// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source.check;

import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.source.SourceNotReady;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether a table that is not ours can be read as an outbox: its columns must match the configuration. */
final class ExistingTable {

    private static final Set<String> KEY_TYPES = Set.of("text", "varchar", "uuid", "int2", "int4", "int8");
    private static final Set<String> TEXT_TYPES = Set.of("text", "varchar");
    private static final Set<String> HEADER_TYPES = Set.of("text", "varchar", "uuid", "int2", "int4", "int8", "bool");

    /** Key under {@code outbox.columns} to the types it may have, as {@code pg_type} names them. */
    private static final Map<String, Set<String>> TYPES = Map.of(
            "id", KEY_TYPES,
            "aggregateType", TEXT_TYPES,
            "aggregateId", KEY_TYPES,
            "eventType", TEXT_TYPES,
            "payload", Set.of("jsonb", "json", "text", "varchar", "bytea"),
            "contentType", TEXT_TYPES,
            "headers", Set.of("jsonb", "json", "text", "varchar"),
            "traceparent", TEXT_TYPES,
            "tracestate", TEXT_TYPES,
            "createdAt", Set.of("timestamptz", "timestamp"));

    private ExistingTable() {}

    /** @throws SourceNotReady naming every column that is missing or has a type that cannot be read */
    static void check(Connection connection, OutboxConfig outbox, String database) throws SourceNotReady, SQLException {
        checkTable(connection, outbox, database);
        Map<String, String> types = columnTypes(connection, outbox);
        List<String> wrong = new ArrayList<>();
        outbox.columns()
                .byKey()
                .forEach((key, column) -> whyNot(
                                "outbox.columns." + key, column, types.get(column), TYPES.getOrDefault(key, Set.of()))
                        .ifPresent(wrong::add));
        outbox.additionalHeaders()
                .forEach((name, column) -> whyNot(
                                "outbox.additionalHeaders." + name, column, types.get(column), HEADER_TYPES)
                        .ifPresent(wrong::add));
        if (!wrong.isEmpty()) {
            throw new SourceNotReady("table " + outbox.table() + " cannot be read as an outbox: "
                    + String.join("; ", wrong) + "; name its columns under outbox.columns, or change the table");
        }
    }

    private static Optional<String> whyNot(String key, String column, @Nullable String type, Set<String> readable) {
        if (type == null) {
            return Optional.of("it has no column " + column + " (" + key + ")");
        }
        if (type.isEmpty()) {
            return Optional.of(
                    "its column " + column + " (" + key + ") is generated, and the replication stream does not"
                            + " have such columns; make it an ordinary one, which the application or a trigger fills");
        }
        return readable.contains(type)
                ? Optional.empty()
                : Optional.of("its column " + column + " (" + key + ") is of type " + type + ", which must be one of "
                        + String.join(", ", readable.stream().sorted().toList()));
    }

    private static void checkTable(Connection connection, OutboxConfig outbox, String database)
            throws SourceNotReady, SQLException {
        try (PreparedStatement select = connection.prepareStatement("select relkind::text, relpersistence = 'p'"
                + " from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = ? and relname = ?")) {
            select.setString(1, outbox.schemaName());
            select.setString(2, outbox.tableName());
            try (ResultSet found = select.executeQuery()) {
                if (!found.next()) {
                    throw new SourceNotReady("no table " + outbox.table() + " in database " + database
                            + "; set outbox.table to the one that the events are in, as the catalog has its name");
                }
                if (!Set.of("r", "p").contains(found.getString(1)) || !found.getBoolean(2)) {
                    throw new SourceNotReady("outbox.table " + outbox.table() + " is not a table whose changes are in"
                            + " the WAL (a view, foreign or unlogged); name the table that the events are inserted in");
                }
            }
        }
    }

    /** Column name to type; the type is empty for a generated column. */
    private static Map<String, String> columnTypes(Connection connection, OutboxConfig outbox) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(
                "select attname, case when attgenerated = '' then typname else '' end from pg_attribute a join pg_type t on t.oid = a.atttypid"
                        + " join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace"
                        + " where nspname = ? and relname = ? and attnum > 0 and not attisdropped")) {
            select.setString(1, outbox.schemaName());
            select.setString(2, outbox.tableName());
            Map<String, String> types = new HashMap<>();
            try (ResultSet column = select.executeQuery()) {
                while (column.next()) {
                    types.put(column.getString(1), column.getString(2));
                }
            }
            return types;
        }
    }
}
