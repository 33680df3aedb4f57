// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source.check;

import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.source.SlotState;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Finds everything in a database that prevents capture: server, outbox, slot. One thread. */
public final class SourceCheck {

    private static final int OLDEST_MAJOR_VERSION = 15;

    private final SourceDatabase database;
    private final PostgresConfig config;
    private final OutboxConfig outbox;
    private final Connection connection;

    private SourceCheck(SourceDatabase database, OutboxConfig outbox, Connection connection) {
        this.database = database;
        this.config = database.config();
        this.outbox = outbox;
        this.connection = connection;
    }

    /**
     * Checks everything that capture needs, except the slot.
     *
     * @param outbox the table that contains the events
     * @throws SourceNotReady naming the first thing that is missing, and its fix
     */
    public static SourceIdentity ready(SourceDatabase database, OutboxConfig outbox, Connection connection)
            throws SourceNotReady, SQLException {
        return look(database, outbox, connection).identityIfReady();
    }

    /** Finds everything that prevents capture. */
    public static SourceFindings look(SourceDatabase database, OutboxConfig outbox, Connection connection)
            throws SQLException {
        return new SourceCheck(database, outbox, connection).look();
    }

    private SourceFindings look() throws SQLException {
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
        ServerLimits.problems(connection, config.database()).forEach(problems::add);
        OutboxCheck outboxCheck = new OutboxCheck(config, outbox, connection);
        problems.addAll(outboxCheck.look());
        Optional<SourceNotReady> takenSlot = slotOfAnotherDatabase();
        takenSlot.ifPresent(problems::add);
        Optional<SourceIdentity> identity =
                outboxCheck.isReadable() ? Optional.of(database.identity(connection)) : Optional.empty();
        return new SourceFindings(problems, identity, takenSlot.isPresent() ? Optional.empty() : slotProblem());
    }

    /** Slot names are unique within a server: ours cannot be made, and the other one must not be dropped. */
    private Optional<SourceNotReady> slotOfAnotherDatabase() throws SQLException {
        String owner = valueOf("select coalesce((select coalesce('database ' || database, 'a standby') from"
                + " pg_replication_slots where slot_name = '" + config.slot()
                + "' and database is distinct from current_database()), '')");
        return owner.isEmpty()
                ? Optional.empty()
                : Optional.of(new SourceNotReady("replication slot " + config.slot() + " belongs to " + owner
                        + " on this server, not to database " + config.database() + ", and holds the events of its"
                        + " owner; leave it, choose another postgres.slot, and run: tidemark init CONFIG"));
    }

    private Optional<SourceNotReady> slotProblem() throws SQLException {
        Optional<SlotState> slot = database.slot(connection);
        if (slot.isEmpty()) {
            return Optional.of(new SourceNotReady(
                    "replication slot " + config.slot() + " does not exist; run: tidemark init CONFIG"));
        }
        return slot.get().isLost()
                ? Optional.of(new SourceNotReady("replication slot " + config.slot() + " is lost (wal_status):"
                        + " events may be missing; correct the other findings first; then check shows how to"
                        + " continue"))
                : Optional.empty();
    }

    private String valueOf(String query) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(query);
                ResultSet row = select.executeQuery()) {
            row.next();
            return row.getString(1);
        }
    }
}
