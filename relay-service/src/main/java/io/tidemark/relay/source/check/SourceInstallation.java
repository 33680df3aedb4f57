package io.tidemark.relay.source.check;

import io.tidemark.outbox.Migration;
import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.source.SourceNotReady;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Makes what the relay needs in its database, as far as it is missing: outbox, publication, slot. One thread. */
public final class SourceInstallation {

    private static final int SLOT_ATTEMPTS = 5;

    private static final String ANY_SLOT = "select from pg_replication_slots where slot_name = ?";
    private static final String OUR_SLOT = ANY_SLOT + " and database = current_database()";

    private final PostgresConfig config;
    private final OutboxConfig outbox;

    /** @param outbox which table the events are in: ours, which is made, or one that must be there */
    public SourceInstallation(PostgresConfig config, OutboxConfig outbox) {
        this.config = config;
        this.outbox = outbox;
    }

    /**
     * Makes what is missing; what is there stays as it is, a table that is not ours among it.
     *
     * @param connection of a user who may create schemas, roles, publications and slots
     * @return what was found and done, a line each
     * @throws SourceNotReady when something is there that this must not touch
     */
    public List<String> install(Connection connection) throws SourceNotReady, SQLException {
        List<String> report = new ArrayList<>();
        if (!outbox.isOwn()) {
            ExistingTable.check(connection, outbox, config.database());
        }
        migrate(connection, report);
        publish(connection, report);
        makeSlot(connection, report);
        return report;
    }

    /** Everything that {@link #install} would run where nothing is there yet, in order. */
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
        // our own outbox gets its table before emit; the base alone can be either's, cut off
        if (outbox.isOwn() && !hasOwnTable && isApplied(connection, Migration.EMIT)) {
            throw new SourceNotReady("schema outbox in database " + config.database() + " was made for a table of your"
                    + " own and has no outbox.event; set outbox.preset or outbox.table to what it was made for, or give"
                    + " this source up: tidemark slot drop --yes " + config.slot() + " CONFIG, then drop publication "
                    + config.publication()
                    + "; drop schema outbox cascade; and run init again, which makes a new source");
        }
        // where our own outbox is, a table beside it needs nothing more
        List<Migration> migrations = outbox.isOwn() || hasOwnTable ? Migration.ALL : Migration.FOR_EXISTING_TABLE;
        connection.setAutoCommit(false);
        for (Migration migration : migrations) {
            if (isApplied(connection, migration)) {
                report.add("migration " + migration.fileName() + ": there already");
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
            if (problem.isPresent()) { // what is there stays as it is, and would lose events
                throw problem.get();
            }
            report.add("publication " + config.publication() + ": there already");
            return;
        }
        boolean hasSlot = exists(connection, OUR_SLOT, config.slot());
        try (Statement statement = connection.createStatement()) {
            // a new slot waits for open writers by itself
            statement.execute(hasSlot ? repair.safely(repair.create()) : repair.create());
        }
        report.add("publication " + config.publication() + ": made" + (hasSlot ? "." + repair.then() : ""));
    }

    private String publicationSql() {
        return new PublicationRepair(config, outbox).create();
    }

    private void makeSlot(Connection connection, List<String> report) throws SourceNotReady, SQLException {
        if (exists(connection, OUR_SLOT, config.slot())) {
            if (!exists(connection, "select from outbox.slot where slot_name = ?", config.slot())) {
                throw new SourceNotReady("replication slot " + config.slot() + " is there, but was not made by tidemark"
                        + " init, so where it began is not known; choose another postgres.slot, or, if nobody needs"
                        + " it, run: tidemark slot drop --yes " + config.slot() + " CONFIG");
            }
            report.add("replication slot " + config.slot() + ": there already");
            return;
        }
        if (exists(connection, ANY_SLOT, config.slot())) {
            throw new SourceNotReady(
                    "replication slot " + config.slot() + " belongs to another database of this server,"
                            + " and slot names are unique in a server; it holds the events of whoever made it, so leave it, and"
                            + " choose another postgres.slot");
        }
        // A slot cannot be made in a transaction that has written, so it comes first; a crash in between is reported
        // by the next init, above.
        int attempts = 1;
        while (!makeSlotOnce(connection, attempts == SLOT_ATTEMPTS)) {
            dropSlot(connection);
            attempts++;
        }
        report.add("replication slot " + config.slot() + ": made");
    }

    /**
     * Postgres can fail once it has made the slot, when somebody changes tables at that moment: "tupdesc reference … is
     * not owned by resource owner" (seen on 18.6). Then the slot is there, and where it began is not written down.
     *
     * @return false when that happened, and it is not the last attempt
     */
    private boolean makeSlotOnce(Connection connection, boolean isLast) throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute(slotSql());
            connection.commit();
            return true;
        } catch (SQLException e) {
            connection.rollback();
            if (isLast || !String.valueOf(e.getMessage()).contains("is not owned by resource owner")) {
                throw e;
            }
            return false;
        } finally {
            connection.setAutoCommit(true);
        }
    }

    /**
     * The SQL that makes the slot and remembers where it began. From 17 on a failover slot, which a standby with
     * {@code sync_replication_slots} keeps in step.
     */
    public String slotSql() {
        return """
                do $$
                begin
                    if current_setting('server_version_num')::int >= 170000 then
                        insert into outbox.slot (slot_name, created_lsn)
                            select slot_name, lsn
                            from pg_create_logical_replication_slot('%1$s', 'pgoutput', failover => true)
                            on conflict (slot_name) do update set created_lsn = excluded.created_lsn, created_at = now();
                    else
                        insert into outbox.slot (slot_name, created_lsn)
                            select slot_name, lsn
                            from pg_create_logical_replication_slot('%1$s', 'pgoutput')
                            on conflict (slot_name) do update set created_lsn = excluded.created_lsn, created_at = now();
                    end if;
                end
                $$;""".formatted(config.slot());
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
