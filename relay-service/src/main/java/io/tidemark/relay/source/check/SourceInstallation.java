// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source.check;

import io.tidemark.outbox.Migration;
import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.source.slot.ExistingRows;
import io.tidemark.relay.source.slot.NewSlot;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Creates what the relay needs in its database, as far as it is missing: outbox, publication, slot. One thread. */
public final class SourceInstallation {

    private static final String ANY_SLOT = "select from pg_replication_slots where slot_name = ?";
    private static final String OUR_SLOT = ANY_SLOT + " and database = current_database()";

    private final PostgresConfig config;
    private final OutboxConfig outbox;

    /**
     * @param outbox the table that contains the events: ours, which is created, or an existing one, which is required
     */
    public SourceInstallation(PostgresConfig config, OutboxConfig outbox) {
        this.config = config;
        this.outbox = outbox;
    }

    /**
     * Creates what is missing. Leaves everything that exists unchanged, including a table that is not ours.
     *
     * @param connection of a user who may create schemas, roles, publications and slots
     * @return what was found and done, one line each
     * @throws SourceNotReady when something exists that this must not touch
     */
    public List<String> install(Connection connection) throws SourceNotReady, SQLException, InterruptedException {
        return install(connection, Optional.empty());
    }

    /**
     * Like {@link #install}, with a new slot in place of a lost one, for {@code adopt}: which of the older rows came
     * through the lost slot is unknown.
     */
    public void installAnotherSlot(Connection connection) throws SourceNotReady, SQLException, InterruptedException {
        NewSlot.keepOthersAway(connection, config.slot());
        dropSlot(connection);
        install(connection, Optional.of(ExistingRows.Decision.ADOPT));
    }

    private List<String> install(Connection connection, Optional<ExistingRows.Decision> decision)
            throws SourceNotReady, SQLException, InterruptedException {
        List<String> report = new ArrayList<>();
        if (!outbox.isOwn()) {
            ExistingTable.check(connection, outbox, config.database());
        }
        migrate(connection, report);
        publish(connection, report);
        makeSlot(connection, report, decision);
        return report;
    }

    /** Everything that {@link #install} would run in an empty database, in order. */
    public List<String> script() {
        List<String> script = new ArrayList<>();
        (outbox.isOwn() ? Migration.ALL : Migration.FOR_EXISTING_TABLE)
                .forEach(migration -> script.add(migration.sql()));
        if (!outbox.isOwn()) {
            script.add(publicationSql() + ";");
        }
        script.add(slotSql());
        return script;
    }

    private void migrate(Connection connection, List<String> report) throws SourceNotReady, SQLException {
        boolean hasOwnTable = isApplied(connection, Migration.TABLE);
        // our own outbox gets its table before emit; after an interrupted init, the base alone can belong to either
        // kind
        if (outbox.isOwn() && !hasOwnTable && isApplied(connection, Migration.EMIT)) {
            throw new SourceNotReady("schema outbox in database " + config.database()
                    + " was created for a table of your"
                    + " own and has no outbox.event; set outbox.preset or outbox.table as they were then, or give"
                    + " this source up: tidemark slot drop --yes " + config.slot() + " CONFIG, then drop publication "
                    + config.publication()
                    + "; drop schema outbox cascade; and run init again, which makes a new source");
        }
        // if our own outbox exists, a table beside it needs nothing more
        List<Migration> migrations = outbox.isOwn() || hasOwnTable ? Migration.ALL : Migration.FOR_EXISTING_TABLE;
        connection.setAutoCommit(false);
        for (Migration migration : migrations) {
            if (isApplied(connection, migration)) {
                report.add("migration " + migration.fileName() + ": already exists");
            } else {
                try (Statement statement = connection.createStatement()) {
                    statement.execute(migration.sql());
                }
                report.add("migration " + migration.fileName() + ": applied");
            }
            connection.commit();
        }
        connection.setAutoCommit(true);
    }

    private static boolean isApplied(Connection connection, Migration migration) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet table = statement.executeQuery("select to_regclass('outbox.migration') is not null")) {
            table.next();
            if (!table.getBoolean(1)) {
                return false;
            }
        }
        try (PreparedStatement select = connection.prepareStatement("select from outbox.migration where version = ?")) {
            select.setInt(1, migration.version());
            try (ResultSet row = select.executeQuery()) {
                return row.next();
            }
        }
    }

    private void publish(Connection connection, List<String> report) throws SourceNotReady, SQLException {
        PublicationRepair repair = new PublicationRepair(config, outbox);
        if (exists(connection, "select from pg_publication where pubname = ?", config.publication())) {
            Optional<SourceNotReady> problem = new OutboxCheck(config, outbox, connection).publicationProblem();
            if (problem.isPresent()) { // what exists stays unchanged, and would lose events
                throw problem.get();
            }
            report.add("publication " + config.publication() + ": already exists");
            return;
        }
        boolean hasSlot = exists(connection, OUR_SLOT, config.slot());
        try (Statement statement = connection.createStatement()) {
            // creating a slot waits for open writers anyway
            statement.execute(hasSlot ? repair.safely(repair.create()) : repair.create());
        }
        report.add("publication " + config.publication() + ": created" + (hasSlot ? "." + repair.then() : ""));
    }

    private String publicationSql() {
        return new PublicationRepair(config, outbox).create();
    }

    private void makeSlot(Connection connection, List<String> report, Optional<ExistingRows.Decision> decision)
            throws SourceNotReady, SQLException, InterruptedException {
        NewSlot.keepOthersAway(connection, config.slot());
        boolean isCutOff = false;
        if (exists(connection, ANY_SLOT, config.slot())) {
            if (!exists(connection, OUR_SLOT, config.slot())) {
                throw new SourceNotReady(
                        "replication slot " + config.slot() + " belongs to another database of this server,"
                                + " and slot names are unique in a server; the slot holds the events of its owner, so leave it, and"
                                + " choose another postgres.slot");
            }
            ExistingRows recorded = ExistingRows.read(connection, config.slot()).orElseThrow(this::notMadeByInit);
            if (recorded.slotBegan().isPresent()) {
                report.add("replication slot " + config.slot() + ": already exists");
                return;
            }
            // an interrupted init has announced the slot, made it, and recorded nothing: it cannot have been used
            requireInactive(connection);
            dropSlot(connection);
            isCutOff = true;
        }
        new NewSlot(config, outbox).make(connection, decision);
        report.add("replication slot " + config.slot()
                + (isCutOff ? ": recreated, because an earlier init was interrupted" : ": created"));
    }

    private SourceNotReady notMadeByInit() {
        return new SourceNotReady("replication slot " + config.slot() + " is there, but was not made by tidemark"
                + " init, so where it began is not known; choose another postgres.slot, or, if nothing uses"
                + " it, run: tidemark slot drop --yes " + config.slot() + " CONFIG");
    }

    private void requireInactive(Connection connection) throws SourceNotReady, SQLException {
        try (PreparedStatement select = connection.prepareStatement("select coalesce(active_pid, 0), database ="
                + " current_database() from pg_replication_slots where slot_name = ?")) {
            select.setString(1, config.slot());
            try (ResultSet row = select.executeQuery()) {
                if (row.next() && (row.getInt(1) != 0 || !row.getBoolean(2))) {
                    throw new SourceNotReady("replication slot " + config.slot() + " is "
                            + (row.getBoolean(2) ? "in use by PID " + row.getInt(1) : "of another database")
                            + ", and tidemark init has not recorded where it began; nothing was changed. If an init is"
                            + " still making it, wait until it ends; if its client is gone: select"
                            + " pg_terminate_backend(PID). Then run again: tidemark init CONFIG");
                }
            }
        }
    }

    /**
     * SQL that creates the slot where the outbox has no rows. SQL alone cannot determine which rows are older than a
     * slot, so it refuses where rows exist.
     */
    public String slotSql() {
        return """
                do $$
                declare
                    made pg_lsn;
                begin
                    if current_setting('transaction_isolation') <> 'read committed' then
                        raise exception 'the slot must be made in a transaction that is read committed';
                    end if;
                    if current_setting('server_version_num')::int >= 170000 then
                        select lsn into made
                            from pg_create_logical_replication_slot('%1$s', 'pgoutput', failover => true);
                    else
                        select lsn into made from pg_create_logical_replication_slot('%1$s', 'pgoutput');
                    end if;
                    if exists (select from %2$s) then
                        perform pg_drop_replication_slot('%1$s');
                        raise exception '%2$s has rows, and SQL cannot determine which of them are older than the slot'
                            using hint = 'Run: tidemark init CONFIG';
                    end if;
                    insert into outbox.slot (slot_name, created_lsn) values ('%1$s', made)
                        on conflict (slot_name) do update set created_lsn = excluded.created_lsn, created_at = now(),
                            existing_rows = 0, existing_since = null, existing = null, existing_published_at = null;
                    delete from outbox.backlog where slot_name = '%1$s';
                end
                $$;""".formatted(config.slot(), outbox.quotedTable());
    }

    /**
     * Drops the slot.
     *
     * @return false when there was none
     */
    public boolean dropSlot(Connection connection) throws SQLException {
        if (!exists(connection, OUR_SLOT, config.slot())) {
            return false;
        }
        try (PreparedStatement drop = connection.prepareStatement("select pg_drop_replication_slot(?)")) {
            drop.setString(1, config.slot());
            drop.execute();
        }
        return true;
    }

    private static boolean exists(Connection connection, String query, String name) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(query)) {
            select.setString(1, name);
            try (ResultSet row = select.executeQuery()) {
                return row.next();
            }
        }
    }
}
