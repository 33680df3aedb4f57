// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source;

import io.tidemark.outbox.Lsn;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** One session with the source database, for nudges. One thread. */
interface NudgeSession extends AutoCloseable {

    /**
     * Writes a nudge if the WAL has reached this LSN. Otherwise only reads the end of the WAL: nothing beyond it has
     * been written, and reading it costs no WAL.
     *
     * @return a nudge at or above {@code lowest}, or the end of the WAL, which is below it
     */
    Nudge nudge(Lsn lowest) throws SQLException;

    /**
     * The server whose WAL it is. The session is on a server out of recovery, so this does not change while it lasts.
     */
    SourceIdentity server();

    @Override
    void close() throws SQLException;

    /** Opens a session. */
    @FunctionalInterface
    interface Opener {

        NudgeSession open() throws SourceNotReady, SQLException;
    }

    /** Opens a session on a separate connection. */
    static NudgeSession open(SourceDatabase database) throws SourceNotReady, SQLException {
        Connection connection = database.connect("nudge");
        try (Statement statement = connection.createStatement()) {
            connection.setNetworkTimeout(Runnable::run, OnConnection.TIMEOUT_MILLIS);
            // Up to Postgres 16 a nudge is a commit, which must not wait for standbys that are unreachable.
            statement.execute("set synchronous_commit = local");
            return new OnConnection(connection, database.identity(connection));
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    /** The implementation over JDBC. */
    record OnConnection(Connection connection, SourceIdentity server) implements NudgeSession {

        /** Timeout for a server that has vanished silently. */
        private static final int TIMEOUT_MILLIS = 5_000;

        private static final String NUDGE = """
                with wal as materialized (select pg_current_wal_insert_lsn() as reached)
                select (case when reached >= cast(? as pg_lsn) then outbox.nudge() else reached end)::text from wal""";

        @Override
        public Nudge nudge(Lsn lowest) throws SQLException {
            try (PreparedStatement nudge = connection.prepareStatement(NUDGE)) {
                nudge.setString(1, lowest.toString());
                try (ResultSet row = nudge.executeQuery()) {
                    row.next();
                    return new Nudge(Lsn.parse(row.getString(1)), server);
                }
            }
        }

        @Override
        public void close() throws SQLException {
            connection.close();
        }
    }
}
