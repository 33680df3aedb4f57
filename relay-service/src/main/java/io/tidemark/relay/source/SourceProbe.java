// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source;

import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * Looks at WAL and slot again and again, on a connection that is kept. One thread, but for {@link #close}, which ends a
 * look that is waiting for the server.
 */
public final class SourceProbe implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 5_000;

    private final SourceDatabase database;
    private volatile @Nullable Connection connection;
    private volatile boolean isClosed;

    public SourceProbe(SourceDatabase database) {
        this.database = database;
    }

    /** Asks the server; the next look connects anew when this one fails. */
    public SourceStatus look() throws SourceNotReady, SQLException {
        Connection session = connection;
        if (session == null) {
            session = database.connect("metrics");
            session.setNetworkTimeout(Runnable::run, TIMEOUT_MILLIS);
            connection = session;
            if (isClosed) { // meanwhile
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
