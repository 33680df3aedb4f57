package io.tidemark.outbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * One of the SQL files that make the outbox: plain SQL in Flyway naming, to be run in order by any tool. Each records
 * itself in {@code outbox.migration}, so that tools can be changed later.
 *
 * @param version 1, 2, … without gaps; 0 for the one that stands in for the first four
 * @param fileName for example {@code V1__schema.sql}
 */
public record Migration(int version, String fileName) {

    /** All of them, in the order to run them. */
    public static final List<Migration> ALL = List.of(
            new Migration(1, "V1__schema.sql"),
            new Migration(2, "V2__functions.sql"),
            new Migration(3, "V3__roles_and_publication.sql"),
            new Migration(4, "V4__partitions.sql"),
            new Migration(5, "V5__emit.sql"));

    /**
     * Instead of those, beside an outbox table that is there already: the first makes all that the relay needs but
     * {@code outbox.event}, and stands in {@code outbox.migration} as version 0.
     */
    public static final List<Migration> FOR_EXISTING_TABLE = List.of(new Migration(0, "W0__source.sql"), ALL.get(4));

    /** The file's text: several statements, to be sent as one script inside one transaction. */
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
