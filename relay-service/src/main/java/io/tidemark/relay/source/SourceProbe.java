// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source;

import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * Reads WAL and slot repeatedly, on a connection that is kept. One thread, except for {@link #close}, which ends a read
 * that waits for the server.
 */
public final class SourceProbe implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 5_000;

    private final SourceDatabase database;
    private volatile @Nullable Connection connection;
    private volatile boolean isClosed;

    public SourceProbe(SourceDatabase database) {
        this.database = database;
    }

    /** Asks the server. If this fails, the next call opens a new connection. */
    public SourceStatus look() throws SourceNotReady, SQLException {
        Connection session = connection;
        if (session == null) {
            session = database.connect("metrics");
            session.setNetworkTimeout(Runnable::run, TIMEOUT_MILLIS);
            connection = session;
            if (isClosed) { // closed during the call
                close();
            }
        }
        try {
            return database.status(session);
        } catch (SQLException e) {
            disconnect();
            throw e;
        }
    }

    private void disconnect() throws SQLException {
        Connection session = connection;
        connection = null;
        if (session != null) {
            session.close();
        }
    }

    @Override
    public void close() throws SQLException {
        isClosed = true;
        Connection session = connection;
        if (session != null) {
            session.abort(Runnable::run);
        }
    }
}
