// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import io.tidemark.consumers.internal.progress.Generations;
import io.tidemark.consumers.internal.tables.TableScript;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.OptionalInt;
import javax.sql.DataSource;

/**
 * The library's tables in a projection's database: {@code tidemark_progress} and {@code tidemark_generation}. Stateless;
 * everything happens on the caller's thread.
 */
public final class ProjectionTables {

    private ProjectionTables() {}

    /** The statements that create the tables unless they exist, for migration tools. */
    public static String sql() {
        return TableScript.PROGRESS.sql();
    }

    /** Creates the tables unless they exist, and commits, whatever the auto-commit mode of the pool's connections is. */
    public static void create(DataSource database) throws SQLException {
        TableScript.PROGRESS.create(database);
    }

    /**
     * Creates the tables unless they exist, in the connection's transaction, for migrations in Java. Does not commit:
     * with auto-commit off, the caller must commit.
     */
    public static void create(Connection connection) throws SQLException {
        TableScript.PROGRESS.create(connection);
    }

    /**
     * The generation of a projection that is read, in the snapshot of the connection's transaction.
     *
     * @param projection its name
     * @return empty when no runner has registered one yet
     */
    public static OptionalInt generation(Connection connection, String projection) throws SQLException {
        return new Generations(projection).read(connection);
    }
}
