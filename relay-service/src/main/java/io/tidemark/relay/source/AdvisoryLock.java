// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A session advisory lock on a connection of the caller; released when the session ends. One thread. */
public final class AdvisoryLock {

    /** Separates our keys from those of applications: "tide" in ASCII. */
    private static final int NAMESPACE = 0x74696465;

    private static final long RETRY_MILLIS = 200;

    /** A process id alone is not unique, because the server uses it again. */
    private static final String SESSION_ID = "pid || '@' || extract(epoch from backend_start)";

    private AdvisoryLock() {}

    /** Takes the lock for this slot if it is free. Asking again in the same session is harmless. */
    public static boolean tryAcquire(Connection session, String slot) throws SQLException {
        try (PreparedStatement take = session.prepareStatement("select pg_try_advisory_lock(?, hashtext(?))")) {
            take.setInt(1, NAMESPACE);
            take.setString(2, slot);
            try (ResultSet row = take.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    /**
     * Like {@link #tryAcquire}, but retries for some seconds: a halted relay takes the lock now and then for a moment.
     */
    public static boolean tryAcquireFor(Connection session, String slot, int seconds)
            throws SQLException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (!tryAcquire(session, slot)) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
        }
        return true;
    }

    /** Distinguishes this session from every other session of this server, past and future ones included. */
    public static String sessionId(Connection session) throws SQLException {
        try (PreparedStatement select = session.prepareStatement(
                        "select " + SESSION_ID + " from pg_stat_activity where pid = pg_backend_pid()");
                ResultSet row = select.executeQuery()) {
            row.next();
            return row.getString(1);
        }
    }

    /**
     * Whether the session with this {@link #sessionId} is on this connection's server; sessions of the same user are
     * visible.
     */
    public static boolean isSessionThere(Connection connection, String sessionId) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(
                "select exists (select from pg_stat_activity where " + SESSION_ID + " = ?)")) {
            select.setString(1, sessionId);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    /**
     * The session that holds the lock for this slot on this session's server; empty when none holds it or it is not
     * visible.
     */
    public static Optional<String> holder(Connection session, String slot) throws SQLException {
        try (PreparedStatement select = session.prepareStatement(
                "select " + SESSION_ID
                        + " from pg_stat_activity where pid = (select l.pid from pg_locks l join pg_database d on d.oid ="
                        + " l.database where l.locktype = 'advisory' and l.granted and d.datname = current_database() and"
                        + " l.classid::bigint = ? and l.objid::bigint = hashtext(?)::bigint & 4294967295 and l.objsubid = 2)")) {
            select.setLong(1, NAMESPACE);
            select.setString(2, slot);
            try (ResultSet row = select.executeQuery()) {
                return row.next() ? Optional.ofNullable(row.getString(1)) : Optional.empty();
            }
        }
    }

    /** Makes the server end the session, and free the lock, within seconds after the client's machine has vanished. */
    public static void freeWhenClientDies(Connection session) throws SQLException {
        try (PreparedStatement keepalives = session.prepareStatement(
                "select set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '2',"
                        + " false), set_config('tcp_keepalives_count', '3', false),"
                        // no keepalives are sent while earlier data is unacknowledged
                        + " set_config('tcp_user_timeout', '11000', false)")) {
            keepalives.execute();
        }
    }
}
