// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source.slot;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.timeline.TimelineReader;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.postgresql.PGProperty;

/**
 * A connection of the replication protocol, which alone can make a slot together with a snapshot of exactly what comes
 * before it. The snapshot is there until the connection is used again or closed. One thread.
 */
final class Walsender implements AutoCloseable {

    /** Less than the socket's timeout: the server hears that nobody waits any more, and removes the half-made slot. */
    private static final int CREATE_SECONDS = 50;

    private static final int FAILOVER_SINCE = 17;

    private final Connection connection;

    private Walsender(Connection connection) {
        this.connection = connection;
    }

    /** @param server names one host */
    static Walsender open(PostgresConfig server) throws SQLException {
        Properties properties = TimelineReader.replicationProperties(server);
        PGProperty.APPLICATION_NAME.set(properties, "tidemark init slot");
        return new Walsender(DriverManager.getConnection(server.url(), properties));
    }

    /**
     * A slot that was made just now.
     *
     * @param began what commits after it comes through the slot, and nothing else
     * @param snapshot sees what committed before, and nothing else
     */
    record MadeSlot(Lsn began, String snapshot) {}

    /**
     * Makes the slot; waits for every transaction that has written and is still open, on the whole server.
     *
     * @param majorVersion of the server; from 17 on it is a failover slot, which a standby with
     *     {@code sync_replication_slots} keeps in step
     * @throws SQLException with the state 57014 when they do not end in time; then there is no slot
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
