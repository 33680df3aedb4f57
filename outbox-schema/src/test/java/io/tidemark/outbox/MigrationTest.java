// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class MigrationTest {

    @SuppressWarnings("unused") // by @FieldSource
    private static final List<Migration> ALL = Migration.ALL;

    @Test
    void versionsHaveNoGaps() {
        assertThat(Migration.ALL)
                .extracting(Migration::version)
                .isEqualTo(
                        IntStream.rangeClosed(1, Migration.ALL.size()).boxed().toList());
        assertThat(Migration.ALL).containsSubsequence(Migration.FOR_EXISTING_TABLE);
    }

    @ParameterizedTest
    @FieldSource("ALL")
    void recordsItselfUnderTheVersionOfItsFileName(Migration migration) {
        assertThat(migration.fileName()).startsWith("V" + migration.version() + "__");
        assertThat(migration.sql())
                .endsWith("insert into outbox.migration (version) values (" + migration.version() + ");\n");
    }

    /** A database with another encoding than UTF-8 may not have the character, even in a comment. */
    @ParameterizedTest
    @FieldSource("ALL")
    void isPureAscii(Migration migration) {
        assertThat(migration.sql()).matches("\\p{ASCII}*");
    }

    /** The meaning of a backslash in a string depends on {@code standard_conforming_strings}. */
    @ParameterizedTest
    @FieldSource("ALL")
    void hasNoBackslash(Migration migration) {
        assertThat(migration.sql()).doesNotContain("\\");
    }
}
