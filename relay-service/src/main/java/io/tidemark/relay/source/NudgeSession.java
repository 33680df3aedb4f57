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
     * Writes a nudge if the WAL has reached this LSN, and only looks otherwise: what lies beyond the WAL nobody has
     * written, and to say so costs no WAL.
     *
     * @return a nudge at or above {@code lowest}, or how far the WAL has come, below it
     */
    Nudge nudge(Lsn lowest) throws SQLException;

    /** Whose WAL it is; of a session out of recovery, so it does not change while that lasts. */
    SourceIdentity server();

    @Override
    void close() throws SQLException;

    /** Opens a session. */
    @FunctionalInterface
    interface Opener {

        NudgeSession open() throws SourceNotReady, SQLException;
    }

    /** On a connection of its own. */
    static NudgeSession open(SourceDatabase database) throws SourceNotReady, SQLException {
        Connection connection = database.connect("nudge");
        try (Statement statement = connection.createStatement()) {
            connection.setNetworkTimeout(Runnable::run, OnConnection.TIMEOUT_MILLIS);
            // Up to Postgres 16 a nudge is a commit, which must not wait for standbys that are away.
            statement.execute("set synchronous_commit = local");
            return new OnConnection(connection, database.identity(connection));
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    /** Over JDBC. */
    record OnConnection(Connection connection, SourceIdentity server) implements NudgeSession {

        /** Of a server that has vanished without a word. */
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
