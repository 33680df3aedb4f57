package io.tidemark.consumers.internal.database;

import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection of a pool, for as long as it is open here. Whatever happens in between, it goes back without a transaction
 * and with the auto-commit mode that it came with; where that is not possible it is ended, so that nobody is given it again.
 */
public final class BorrowedConnection implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(BorrowedConnection.class);

    private final Connection connection;
    private final boolean wasAutoCommit;

    private BorrowedConnection(Connection connection, boolean wasAutoCommit) {
        this.connection = connection;
        this.wasAutoCommit = wasAutoCommit;
    }

    /** Takes a connection on which nothing is committed but by {@link Connection#commit}. */
    public static BorrowedConnection inTransaction(DataSource database) throws SQLException {
        return take(database, false);
    }

    /** Takes a connection on which each statement is committed by itself. */
    public static BorrowedConnection autoCommitting(DataSource database) throws SQLException {
        return take(database, true);
    }

    private static BorrowedConnection take(DataSource database, boolean autoCommit) throws SQLException {
        Connection connection = database.getConnection();
        boolean isTaken = false;
        try {
            boolean wasAutoCommit = connection.getAutoCommit();
            if (!wasAutoCommit && autoCommit) {
                connection.rollback(); // changing the mode would commit what somebody else has left open
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

    /** The connection; to be closed through {@link #close} only. */
    public Connection connection() {
        return connection;
    }

    /**
     * Rolls back what was not committed, and hands the connection back. What was done on it is decided by then, so one that
     * cannot be handed back as it came is ended and logged, and no exception of the caller's.
     */
    @Override
    public void close() throws SQLException {
        try (connection) {
            if (!connection.isClosed()) { // as the driver leaves it when the session is lost
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
