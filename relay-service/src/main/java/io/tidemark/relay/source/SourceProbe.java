package io.tidemark.relay.source;

import io.tidemark.outbox.Lsn;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Looks at WAL and slot again and again, on a connection that is kept. One thread, but for {@link #close}, which ends a
 * look that is waiting for the server.
 */
public final class SourceProbe implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 5_000;

    private static final String QUERY = """
            with now as (select pg_current_wal_flush_lsn() as head)
            select head::text, slot_name is not null, coalesce(wal_status, 'lost'), active_pid is not null,
                   confirmed_flush_lsn::text, pg_wal_lsn_diff(head, restart_lsn)::bigint, safe_wal_size
            from now left join pg_replication_slots
                on slot_name = ? and database = current_database() and plugin = 'pgoutput'""";

    private final SourceDatabase database;
    private final String slot;
    private volatile @Nullable Connection connection;
    private volatile boolean isClosed;

    public SourceProbe(SourceDatabase database, String slot) {
        this.database = database;
        this.slot = slot;
    }

    /** Asks the server; the next look connects anew when this one fails. */
    public SourceSample look() throws SourceNotReady, SQLException {
        Connection session = connection;
        if (session == null) {
            session = database.connect("metrics");
            session.setNetworkTimeout(Runnable::run, TIMEOUT_MILLIS);
            connection = session;
            if (isClosed) { // meanwhile
                close();
            }
        }
        try (PreparedStatement select = session.prepareStatement(QUERY)) {
            select.setString(1, slot);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return new SourceSample(
                        Lsn.parse(row.getString(1)), row.getBoolean(2) ? Optional.of(slotOf(row)) : Optional.empty());
            }
        } catch (SQLException e) {
            disconnect();
            throw e;
        }
    }

    private static SourceSample.Slot slotOf(ResultSet row) throws SQLException {
        return new SourceSample.Slot(
                row.getString(3), row.getBoolean(4), lsnOrZero(row.getString(5)), number(row, 6), number(row, 7));
    }

    private static Lsn lsnOrZero(@Nullable String text) {
        return text == null ? Lsn.ZERO : Lsn.parse(text);
    }

    private static OptionalLong number(ResultSet row, int column) throws SQLException {
        long value = row.getLong(column);
        return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(value);
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
