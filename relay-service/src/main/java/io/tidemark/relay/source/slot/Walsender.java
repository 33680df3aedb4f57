// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source.slot;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.source.SourceDatabase;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.postgresql.PGProperty;

/**
 * A replication connection. Only this protocol can make a slot together with a snapshot of exactly what comes before
 * it. The snapshot exists until the connection is used again or closed. One thread.
 */
final class Walsender implements AutoCloseable {

    /** Less than the socket's timeout, so that the server ends the wait and removes the half-made slot. */
    private static final int CREATE_SECONDS = 50;

    private static final int FAILOVER_SINCE = 17;

    private final Connection connection;

    private Walsender(Connection connection) {
        this.connection = connection;
    }

    /** @param server names one host */
    static Walsender open(PostgresConfig server) throws SQLException {
        Properties properties = SourceDatabase.replicationProperties(server);
        PGProperty.APPLICATION_NAME.set(properties, "tidemark init slot");
        return new Walsender(DriverManager.getConnection(server.url(), properties));
    }

    /**
     * A slot that was just made.
     *
     * @param began exactly what commits after it comes through the slot
     * @param snapshot sees exactly what committed before
     */
    record MadeSlot(Lsn began, String snapshot) {}

    /**
     * Makes the slot; waits for every open transaction on the whole server that has written.
     *
     * @param majorVersion of the server; from 17 on it is a failover slot, which a standby with
     *     {@code sync_replication_slots} keeps in sync
     * @throws SQLException with the state 57014 when they do not end in time; then no slot exists
     */
    MadeSlot create(String slot, int majorVersion) throws SQLException {
        String options = "SNAPSHOT 'export'" + (majorVersion >= FAILOVER_SINCE ? ", FAILOVER true" : "");
        try (Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(CREATE_SECONDS);
            try (ResultSet made = statement.executeQuery(
                    "CREATE_REPLICATION_SLOT \"" + slot + "\" LOGICAL pgoutput (" + options + ")")) {
                made.next();
                return new MadeSlot(Lsn.parse(made.getString("consistent_point")), made.getString("snapshot_name"));
            }
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
