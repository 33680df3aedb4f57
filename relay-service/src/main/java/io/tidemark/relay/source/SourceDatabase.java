// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.reason.Reason;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;
import org.postgresql.core.BaseConnection;
import org.postgresql.util.HostSpec;

/**
 * The source database over plain SQL. Stateless; every method gets its connection as an argument. Safe on any thread.
 */
public final class SourceDatabase {

    /** {@code outbox.slot} is read separately, because it does not exist in a database that is not installed yet. */
    private static final String STATUS = """
            select pg_current_wal_flush_lsn()::text, pg_current_wal_insert_lsn()::text, slot_name is not null,
                   coalesce(wal_status, 'lost'), active_pid, confirmed_flush_lsn::text,
                   pg_wal_lsn_diff(pg_current_wal_flush_lsn(), restart_lsn)::bigint, safe_wal_size,
                   exists (select from pg_class c join pg_namespace n on n.oid = relnamespace
                           where nspname = 'outbox' and relname = 'slot'
                             and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')),
                   (select sent_lsn::text from pg_stat_replication where pid = active_pid)
            from (select) as server left join pg_replication_slots
                on slot_name = ? and database = current_database() and plugin = 'pgoutput'""";

    private final PostgresConfig config;
    private final String credentials;

    public SourceDatabase(PostgresConfig config) {
        this(config, "postgres.user and postgres.password or passwordFile");
    }

    /** @param credentials where user and password of {@code config} come from, for error messages */
    public SourceDatabase(PostgresConfig config, String credentials) {
        this.config = config;
        this.credentials = credentials;
    }

    public PostgresConfig config() {
        return config;
    }

    /**
     * Opens a connection that detects a dead server within seconds; reads the password again each time.
     *
     * @param purpose becomes part of {@code application_name}
     * @throws SourceNotReady with the cause in a sentence: server away, no such database, wrong password, a pooler in
     *     between
     */
    public Connection connect(String purpose) throws SourceNotReady {
        try {
            Connection connection = DriverManager.getConnection(config.url(), connectionProperties(config, purpose));
            try {
                prepare(connection);
                return connection;
            } catch (SQLException | SourceNotReady e) {
                connection.close();
                throw e;
            }
        } catch (SQLException e) {
            throw new SourceNotReady(explain(e), e);
        } catch (ConfigurationProblem e) { // for example, a password file that is unreadable for now
            throw new SourceNotReady(String.valueOf(e.getMessage()), e);
        }
    }

    /**
     * A pooler announces its own process ids. Behind one, a session lock stays with a session that is not ours, and
     * keeps every relay waiting. So nothing is set before this is checked.
     */
    private void prepare(Connection connection) throws SourceNotReady, SQLException {
        int announced = connection.unwrap(PGConnection.class).getBackendPID();
        try (Statement statement = connection.createStatement();
                // row security off: an error is better than hidden rows
                ResultSet row = statement.executeQuery("select pg_backend_pid() = " + announced
                        + " and set_config('row_security', 'off', false) = 'off'")) {
            row.next();
            if (!row.getBoolean(1)) {
                throw new SourceNotReady("postgres (" + config + "): postgres.url leads through a connection pooler"
                        + " (the server process that answers is not the one that the connection was opened with)."
                        + " A pooler offers neither replication nor lasting locks, so nothing is published;"
                        + " nothing is lost. Set postgres.url to the Postgres server itself, usually port 5432");
            }
        }
    }

    public static Properties connectionProperties(PostgresConfig config, String purpose) {
        Properties properties = new Properties();
        PGProperty.USER.set(properties, config.user());
        String password = config.readPassword();
        if (password != null) {
            PGProperty.PASSWORD.set(properties, password);
        }
        PGProperty.APPLICATION_NAME.set(properties, "tidemark " + purpose);
        PGProperty.TCP_KEEP_ALIVE.set(properties, true);
        PGProperty.CONNECT_TIMEOUT.set(properties, "10");
        PGProperty.SOCKET_TIMEOUT.set(properties, "60");
        PGProperty.HOST_RECHECK_SECONDS.set(properties, "1"); // a recent standby may be the primary now
        return properties;
    }

    /** Connection settings for the one server that this connection leads to, where the URL names several. */
    public PostgresConfig serverOf(Connection connection) throws SQLException {
        HostSpec host =
                connection.unwrap(BaseConnection.class).getQueryExecutor().getHostSpec();
        return config.at(host.getHost(), host.getPort());
    }

    private String explain(SQLException failure) {
        String state = String.valueOf(failure.getSQLState());
        String where = "postgres (" + config + "): ";
        return switch (state) {
            case "28P01", "28000" -> where + Reason.of(failure) + "; check " + credentials;
            case "3D000" -> where + Reason.of(failure) + "; check the database name at the end of postgres.url";
            case "08001", "08004", "08006" ->
                where + "no connection (" + Reason.of(failure) + "); check that the server runs, and postgres.url";
            default -> where + Reason.of(failure) + " (SQL state " + state + ")";
        };
    }

    /** Identity of the database that this session is connected to. */
    public SourceIdentity identity(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select (select id from outbox.source),"
                        + " (select system_identifier::text from pg_control_system()), current_database(),"
                        + " ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int")) {
            row.next();
            return new SourceIdentity(row.getString(1), row.getString(2), row.getString(3), row.getInt(4));
        }
    }

    /** The slot; empty when this database has none of that name. */
    public Optional<SlotState> slot(Connection connection) throws SQLException {
        return status(connection).slot();
    }

    /** The current state of WAL and slot; the only method that reads them. */
    public SourceStatus status(Connection connection) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(STATUS)) {
            select.setString(1, config.slot());
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return new SourceStatus(
                        Lsn.parse(row.getString(1)),
                        Lsn.parse(row.getString(2)),
                        row.getBoolean(3) ? Optional.of(slotOf(row, connection)) : Optional.empty(),
                        Optional.ofNullable(row.getString(10)).map(Lsn::parse));
            }
        }
    }

    private SlotState slotOf(ResultSet row, Connection connection) throws SQLException {
        int pid = row.getInt(5);
        return new SlotState(
                lsnOrZero(row.getString(6)),
                row.getBoolean(9) ? slotCreated(connection) : Lsn.ZERO,
                row.getString(4),
                pid == 0 ? OptionalInt.empty() : OptionalInt.of(pid),
                number(row, 7),
                number(row, 8));
    }

    private Lsn slotCreated(Connection connection) throws SQLException {
        try (PreparedStatement select =
                connection.prepareStatement("select created_lsn::text from outbox.slot where slot_name = ?")) {
            select.setString(1, config.slot());
            try (ResultSet row = select.executeQuery()) {
                return row.next() ? lsnOrZero(row.getString(1)) : Lsn.ZERO;
            }
        }
    }

    private static Lsn lsnOrZero(@Nullable String text) {
        return text == null ? Lsn.ZERO : Lsn.parse(text);
    }

    private static OptionalLong number(ResultSet row, int column) throws SQLException {
        long value = row.getLong(column);
        return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(value);
    }

    /** Like {@link #status(Connection)}, on a separate connection. */
    public SourceStatus status() throws SourceNotReady {
        try (Connection connection = connect("status")) {
            return status(connection);
        } catch (SQLException e) {
            throw new SourceNotReady(explain(e), e);
        }
    }

    /**
     * Ends the walsender that holds our slot. A relay that is gone left it behind; that we hold the lock proves it is
     * gone.
     */
    public void endWalsender(Connection connection, int pid) throws SQLException {
        try (PreparedStatement end = connection.prepareStatement("select pg_terminate_backend(?, 5000)")) {
            end.setInt(1, pid);
            end.execute();
        }
    }

    /** Time without an answer from us after which the server ends our stream; 0 for never. */
    public Duration walSenderTimeout(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("select setting from pg_settings where name = 'wal_sender_timeout'")) {
            row.next();
            return Duration.ofMillis(row.getLong(1)); // the setting is in milliseconds
        }
    }

    /** The current end of the WAL. */
    public Lsn walHead(Connection connection) throws SQLException {
        return lsn(connection, "select pg_current_wal_flush_lsn()::text");
    }

    /**
     * Writes a nudge to the WAL. The stream soon reaches its LSN, or the end of the transaction that carried it. When
     * it does, everything committed before this call has come before it.
     *
     * @return where it was written; above every LSN handed out before
     */
    public Lsn nudge(Connection connection) throws SQLException {
        return lsn(connection, "select outbox.nudge()::text");
    }

    private static Lsn lsn(Connection connection, String query) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return Lsn.parse(row.getString(1));
        }
    }

    /** Properties of a connection to a walsender, for sending it commands. */
    public static Properties replicationProperties(PostgresConfig config) {
        Properties properties = connectionProperties(config, "timeline");
        PGProperty.REPLICATION.set(properties, "database");
        // Walsender commands cannot be prepared, nor can the queries that pgjdbc sends when it connects.
        PGProperty.PREFER_QUERY_MODE.set(properties, "simple");
        PGProperty.ASSUME_MIN_SERVER_VERSION.set(properties, "15");
        return properties;
    }
}
