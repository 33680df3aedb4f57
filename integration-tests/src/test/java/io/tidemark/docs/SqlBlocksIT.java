// SPDX-License-Identifier: Apache-2.0
package io.tidemark.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tidemark.consumers.ProjectionTables;
import io.tidemark.it.harness.TestSource;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Postgres accepts the SQL of the pages, in a database with an outbox. Each block is rolled back. */
class SqlBlocksIT {

    /** Pages name arguments and columns that are new in this version, as their blocks state. */
    private static final int MAJOR_VERSION = 17;

    private static final List<String> TABLES_OF_A_USER = List.of(
            "create schema shop",
            "create table shop.outbox (id uuid primary key, payload text)",
            "create table public.outboxevent (id uuid primary key, aggregatetype text, aggregateid text, type text,"
                    + " payload text)",
            "create table order_view_g1 (id text primary key, total numeric)",
            "create table order_view_g2 (id text primary key, total numeric)");

    @Test
    void postgresAcceptsEveryBlock() throws Exception {
        List<Block> blocks = Repository.blocks().stream()
                .filter(block ->
                        block.language().equals("sql") && block.marker().isEmpty())
                .toList();
        assertThat(blocks).hasSizeGreaterThan(8);

        try (TestSource source = TestSource.create("pages");
                Connection connection = source.connect();
                Statement statement = connection.createStatement()) {
            assumeTrue(connection.getMetaData().getDatabaseMajorVersion() >= MAJOR_VERSION);
            for (String table : TABLES_OF_A_USER) {
                statement.execute(table);
            }
            statement.execute(ProjectionTables.sql());
            connection.setAutoCommit(false);
            for (Block block : blocks) {
                assertThatCode(() -> statement.execute(block.text()))
                        .as("%s:%n%s", block, block.text())
                        .doesNotThrowAnyException();
                connection.rollback();
            }
        }
    }
}
