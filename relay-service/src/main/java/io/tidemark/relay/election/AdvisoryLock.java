package io.tidemark.relay.election;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** A session advisory lock on a connection of the caller's; it goes when the session ends. One thread. */
public final class AdvisoryLock {

    /** Keeps our keys apart from those of applications: "tide" in ASCII. */
    private static final int NAMESPACE = 0x74696465;

    private AdvisoryLock() {}

    /** Takes the lock for this slot if it is free; asking again in the same session is harmless. */
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

    /** Lets the server end the session, and free the lock, within seconds after its client's machine has vanished. */
    public static void freeWhenClientDies(Connection session) throws SQLException {
        try (PreparedStatement keepalives = session.prepareStatement(
                "select set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '2',"
                        + " false), set_config('tcp_keepalives_count', '3', false),"
                        // keepalives are not sent while something sent before is not acknowledged
                        + " set_config('tcp_user_timeout', '11000', false)")) {
            keepalives.execute();
        }
    }
}
