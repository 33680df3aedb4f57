// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.database;

import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection from a pool, while it is open here. It is always returned without a transaction and with its original
 * auto-commit mode. If that is not possible it is ended, so that the pool does not use it again.
 */
public final class BorrowedConnection implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(BorrowedConnection.class);

    private final Connection connection;
    private final boolean wasAutoCommit;

    private BorrowedConnection(Connection connection, boolean wasAutoCommit) {
        this.connection = connection;
        this.wasAutoCommit = wasAutoCommit;
    }

    /** Takes a connection on which only {@link Connection#commit} commits. */
    public static BorrowedConnection inTransaction(DataSource database) throws SQLException {
        return take(database, false);
    }

    /** Takes a connection on which each statement is committed separately. */
    public static BorrowedConnection autoCommitting(DataSource database) throws SQLException {
        return take(database, true);
    }

    private static BorrowedConnection take(DataSource database, boolean autoCommit) throws SQLException {
        Connection connection = database.getConnection();
        boolean isTaken = false;
        try {
            boolean wasAutoCommit = connection.getAutoCommit();
            if (!wasAutoCommit && autoCommit) {
                connection.rollback(); // changing the mode would commit a transaction that another user has left open
            }
            if (wasAutoCommit != autoCommit) {
                connection.setAutoCommit(autoCommit);
            }
            isTaken = true;
            return new BorrowedConnection(connection, wasAutoCommit);
        } finally {
            if (!isTaken) {
                connection.close();
            }
        }
    }

    /** The connection. Close it only through {@link #close}. */
    public Connection connection() {
        return connection;
    }

    /**
     * Rolls back uncommitted statements and returns the connection. The outcome of the caller's work is decided by
     * then. So if the connection cannot be returned in its original state, it is ended and logged, without an
     * exception.
     */
    @Override
    public void close() throws SQLException {
        try (connection) {
            if (!connection.isClosed()) { // the driver closes it when the session is lost
                handBack();
            }
        }
    }

    private void handBack() throws SQLException {
        try {
            boolean isAutoCommit = connection.getAutoCommit();
            if (!isAutoCommit) {
                connection.rollback();
            }
            if (isAutoCommit != wasAutoCommit) {
                connection.setAutoCommit(wasAutoCommit);
            }
        } catch (SQLException e) {
            LOG.warn("event=connection-ended reason=\"{}\"", e.toString());
            connection.abort(Runnable::run);
        }
    }
}
