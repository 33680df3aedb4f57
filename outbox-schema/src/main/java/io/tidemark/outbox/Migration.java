// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * One of the SQL files that create the outbox: plain SQL with Flyway names. Any tool can run them, in order. Each file
 * records its version in {@code outbox.migration}, so that another tool can continue later.
 *
 * @param version 1, 2, … without gaps
 * @param fileName for example {@code V1__base.sql}
 */
public record Migration(int version, String fileName) {

    /** Needed by every installation: source id, slots, {@code outbox.token}, {@code outbox.nudge} and the roles. */
    public static final Migration BASE = new Migration(1, "V1__base.sql");

    /** {@code outbox.event}, {@code outbox.publish} and the publication. */
    public static final Migration TABLE = new Migration(2, "V2__table.sql");

    /** The functions that create and drop partitions of {@code outbox.event}. */
    public static final Migration PARTITIONS = new Migration(3, "V3__partitions.sql");

    /** {@code outbox.emit}: events without a row. */
    public static final Migration EMIT = new Migration(4, "V4__emit.sql");

    /** All migrations, in order. */
    public static final List<Migration> ALL = List.of(BASE, TABLE, PARTITIONS, EMIT);

    /** The migrations for an installation with an existing outbox table, in order. */
    public static final List<Migration> FOR_EXISTING_TABLE = List.of(BASE, EMIT);

    /** The file's text: several statements. Run them as one script in one transaction. */
    public String sql() {
        try (InputStream file = Migration.class.getResourceAsStream("migration/" + fileName)) {
            if (file == null) {
                throw new IllegalStateException("migration/" + fileName + " is not on the class path");
            }
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
