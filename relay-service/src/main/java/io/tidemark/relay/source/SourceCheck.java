package io.tidemark.relay.source;

import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.config.PostgresConfig;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Looks for everything in a database that keeps it from being captured: server, outbox, slot. One thread. */
final class SourceCheck {

    private static final int OLDEST_MAJOR_VERSION = 15;

    private final SourceDatabase database;
    private final PostgresConfig config;
    private final OutboxConfig outbox;
    private final Connection connection;

    SourceCheck(SourceDatabase database, PostgresConfig config, OutboxConfig outbox, Connection connection) {
        this.database = database;
        this.config = config;
        this.outbox = outbox;
        this.connection = connection;
    }

    SourceFindings look() throws SQLException {
        int version = Integer.parseInt(valueOf("select current_setting('server_version_num')")) / 10_000;
        if (version < OLDEST_MAJOR_VERSION) {
            return SourceFindings.wrongServer(
                    "Postgres " + version + " is too old; " + OLDEST_MAJOR_VERSION + " or newer is needed");
        }
        if (valueOf("select pg_is_in_recovery()").equals("t")) {
            return SourceFindings.wrongServer("postgres.url leads to a standby; point it at the primary");
        }
        List<SourceNotReady> problems = new ArrayList<>();
        String walLevel = valueOf("select current_setting('wal_level')");
        if (!walLevel.equals("logical")) {
            problems.add(new SourceNotReady("wal_level is '" + walLevel + "', logical decoding needs 'logical'; run:"
                    + " alter system set wal_level = 'logical'; and restart Postgres"));
        }
        OutboxCheck outboxCheck = new OutboxCheck(config, outbox, connection);
        problems.addAll(outboxCheck.look());
        Optional<SourceIdentity> identity =
                outboxCheck.isReadable() ? Optional.of(database.identity(connection)) : Optional.empty();
        return new SourceFindings(problems, identity, slotProblem());
    }

    /** Without {@code outbox.slot}, which may be what is missing. */
    private Optional<SourceNotReady> slotProblem() throws SQLException {
        try (PreparedStatement select = connection.prepareStatement("select coalesce(wal_status, 'lost') from"
                + " pg_replication_slots where slot_name = ? and database = current_database() and plugin ="
                + " 'pgoutput'")) {
            select.setString(1, config.slot());
            try (ResultSet slot = select.executeQuery()) {
                if (!slot.next()) {
                    return Optional.of(new SourceNotReady(
                            "replication slot " + config.slot() + " does not exist; run: tidemark init CONFIG"));
                }
                return slot.getString(1).equals("lost")
                        ? Optional.of(new SourceNotReady("replication slot " + config.slot() + " is lost (wal_status):"
                                + " events may be missing; run check again once the rest is mended, it says how to go"
                                + " on"))
                        : Optional.empty();
            }
        }
    }

    private String valueOf(String query) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(query);
                ResultSet row = select.executeQuery()) {
            row.next();
            return row.getString(1);
        }
    }
}
