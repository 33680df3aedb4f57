// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.dropwizard.util.Duration;
import io.tidemark.outbox.EventHeaders;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The table the events are read from, and how long its rows stay.
 *
 * @param preset which table and columns; null if the file names both itself
 * @param table with its schema, by the names in the catalog
 * @param columns which column of the table holds which value
 * @param additionalHeaders further headers of the event, each with the column of its value
 * @param retention only for Tidemark's own table: rows stay for this time after their {@code created_at}, and until
 *     they are published
 */
public record OutboxConfig(
        @Nullable Preset preset,
        String table,
        ColumnsConfig columns,
        Map<String, String> additionalHeaders,
        Duration retention) {

    /** The known kinds of tables. */
    public enum Preset {
        /** The table that {@code tidemark init} creates. */
        TIDEMARK,
        /** An existing table with the columns that Debezium's outbox event router expects. */
        DEBEZIUM
    }

    /** The table of our migrations. */
    public static final String OWN_TABLE = "outbox.event";

    public static final OutboxConfig DEFAULT = new OutboxConfig(null, null, null, null, null);

    /** Its name in Debezium's Quarkus extension. */
    private static final String DEBEZIUM_TABLE = "public.outboxevent";

    private static final String TABLE = "[A-Za-z_][A-Za-z0-9_-]{0,62}\\.[A-Za-z_][A-Za-z0-9_-]{0,62}";
    private static final List<String> NEEDED = List.of("id", "aggregateType", "aggregateId", "eventType", "payload");

    @JsonCreator
    public OutboxConfig(
            @Nullable Preset preset,
            @Nullable String table,
            @Nullable ColumnsConfig columns,
            @Nullable Map<String, String> additionalHeaders,
            @Nullable Duration retention) {
        boolean isNamed = table != null || columns != null;
        this.preset = preset == null && !isNamed ? Preset.TIDEMARK : preset;
        this.retention = Checks.positive("outbox.retention", retention, Duration.hours(24));
        this.additionalHeaders = additionalHeaders == null ? Map.of() : checkHeaders(additionalHeaders);
        ColumnsConfig given = columns == null ? ColumnsConfig.NONE : columns;
        if (this.preset == Preset.TIDEMARK) {
            if (isNamed || !this.additionalHeaders.isEmpty()) {
                throw new ConfigurationProblem("outbox.preset is tidemark, so outbox.table, outbox.columns and"
                        + " outbox.additionalHeaders cannot be chosen; remove them, or, to read a table of your own,"
                        + " outbox.preset");
            }
            this.table = OWN_TABLE;
            this.columns = ColumnsConfig.TIDEMARK;
            return;
        }
        boolean isDebezium = this.preset == Preset.DEBEZIUM;
        this.table = isDebezium && table == null ? DEBEZIUM_TABLE : Checks.required("outbox.table", table);
        this.columns = given.over(isDebezium ? ColumnsConfig.DEBEZIUM : ColumnsConfig.NONE);
        checkTable(this.table);
        checkColumns(this.columns);
        if (retention != null) {
            throw new ConfigurationProblem("outbox.retention is for the outbox that tidemark init makes; the rows of "
                    + this.table + " are yours to delete, so remove outbox.retention");
        }
    }

    private static void checkTable(String table) {
        if (!table.matches(TABLE)) {
            throw new ConfigurationProblem("outbox.table '" + table + "' is not a table with its schema; write it as"
                    + " schema.table, in letters, digits, underscores and dashes, for example public.outbox");
        }
        if (table.equals(OWN_TABLE)) {
            throw new ConfigurationProblem("outbox.table is " + OWN_TABLE + ", which is the outbox that tidemark init"
                    + " makes; remove outbox.table and outbox.columns, and set outbox.preset to tidemark");
        }
    }

    private static void checkColumns(ColumnsConfig columns) {
        for (String key : NEEDED) {
            Checks.required("outbox.columns." + key, columns.byKey().get(key));
        }
    }

    private static Map<String, String> checkHeaders(Map<String, String> headers) {
        headers.forEach((name, column) -> {
            Checks.required("outbox.additionalHeaders." + name, column);
            if (name.isEmpty() || EventHeaders.isReserved(name)) {
                throw new ConfigurationProblem("outbox.additionalHeaders has '" + name
                        + "', which is empty, or a header" + " that Tidemark writes itself; choose another name");
            }
        });
        return Collections.unmodifiableMap(new LinkedHashMap<>(headers)); // keeps their order
    }

    /** Whether it is the table of our migrations, from which the relay also deletes rows. */
    public boolean isOwn() {
        return preset == Preset.TIDEMARK;
    }

    public String schemaName() {
        return table.substring(0, table.indexOf('.'));
    }

    public String tableName() {
        return table.substring(table.indexOf('.') + 1);
    }

    /** The table's name, quoted for SQL. */
    public String quotedTable() {
        return isOwn() ? table : "\"" + schemaName() + "\".\"" + tableName() + "\"";
    }
}
