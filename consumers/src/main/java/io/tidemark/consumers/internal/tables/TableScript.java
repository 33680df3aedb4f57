// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.tables;

import io.tidemark.consumers.internal.database.BorrowedConnection;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;

/** Statements that create tables unless they exist, from a file beside this class. */
public enum TableScript {
    /** {@code tidemark_progress} and {@code tidemark_generation}. */
    PROGRESS("progress.sql"),
    /** {@code tidemark_inbox}. */
    INBOX("inbox.sql");

    private final String file;

    TableScript(String file) {
        this.file = file;
    }

    /** The statements, for migration tools. */
    public String sql() {
        try (InputStream stream = TableScript.class.getResourceAsStream(file)) {
            if (stream == null) {
                throw new IllegalStateException(
                        file + " is not on the class path beside " + TableScript.class.getName());
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Creates the tables unless they exist, and commits. */
    public void create(DataSource database) throws SQLException {
        try (BorrowedConnection borrowed = BorrowedConnection.autoCommitting(database)) {
            create(borrowed.connection());
        }
    }

    /** Creates the tables unless they exist, in the connection's transaction. */
    public void create(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql());
        }
    }
}
