// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.ReplicationConnection;
import io.debezium.connector.postgresql.connection.ReplicationStream;
import io.debezium.connector.postgresql.connection.WalPositionLocator;
import io.debezium.connector.postgresql.spi.SlotCreationResult;
import io.debezium.jdbc.JdbcConnection;
import java.sql.SQLException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/** Debezium's replication connection, with two changes: its stream is tapped, and it never makes a slot or resumes. */
final class TappedConnection implements ReplicationConnection {

    private final ReplicationConnection delegate;
    private final Tap tap;

    TappedConnection(ReplicationConnection delegate, Tap tap) {
        this.delegate = delegate;
        this.tap = tap;
    }

    /** Starts without a stored offset: Postgres itself skips, by commit, what the slot has confirmed. */
    @Override
    public ReplicationStream startStreaming(WalPositionLocator locator) throws SQLException, InterruptedException {
        ReplicationStream stream = delegate.startStreaming(locator);
        if (delegate instanceof JdbcConnection connection) {
            tap.streamsBy(connection.connection().unwrap(PGConnection.class).getBackendPID());
        }
        return new TappedStream(stream, tap);
    }

    /** With a stored offset, Debezium searches for its place in the WAL, which loses rows (docs/adr/0001). */
    @Override
    public ReplicationStream startStreaming(@Nullable Lsn offset, WalPositionLocator locator) throws SQLException {
        throw new SQLException("Debezium has a stored offset, " + offset + "; the relay never stores one");
    }

    /** A slot made now would begin at the end of the WAL, and everything before it would be lost. */
    @Override
    public Optional<SlotCreationResult> createReplicationSlot() throws SQLException {
        throw new SQLException("the replication slot is gone; the relay does not make one");
    }

    @Override
    public void initConnection() throws SQLException, InterruptedException {
        delegate.initConnection();
    }

    @Override
    public boolean isConnected() throws SQLException {
        return delegate.isConnected();
    }

    @Override
    public void reconnect() throws SQLException {
        delegate.reconnect();
    }

    @Override
    public void close() throws Exception {
        delegate.close();
    }
}
