package io.tidemark.relay.source;

import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.config.PostgresConfig;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** Whether the outbox is all there: schema, rights, the table, and a publication of it alone. One thread. */
final class OutboxCheck {

    private final PostgresConfig config;
    private final OutboxConfig outbox;
    private final Connection connection;

    OutboxCheck(PostgresConfig config, OutboxConfig outbox, Connection connection) {
        this.config = config;
        this.outbox = outbox;
        this.connection = connection;
    }

    /** @throws SourceNotReady naming the first thing that is missing, and its fix */
    void check() throws SourceNotReady, SQLException {
        if (!isTrue("select to_regclass('outbox.source') is not null and to_regclass('outbox.slot') is not null")
                || (outbox.isOwn() && !isTrue("select to_regclass('outbox.event') is not null"))) {
            throw new SourceNotReady("there is no outbox in database " + config.database() + " (or " + config.user()
                    + " may not see it); run: tidemark init CONFIG");
        }
        checkGrants();
        if (outbox.isOwn()) {
            OutboxMigrations.check(connection, config);
        } else {
            ExistingTable.check(connection, outbox, config.database());
        }
        checkPublication();
        checkPublishedTables();
        PublishedRows.check(connection, config.publication(), outbox.quotedTable());
    }

    private void checkGrants() throws SourceNotReady, SQLException {
        // of a table that is not ours, rows and columns come through the publication and the catalog
        if (!isTrue("select has_table_privilege('outbox.source', 'select')"
                        + " and has_table_privilege('outbox.slot', 'select')"
                        + " and has_table_privilege('outbox.migration', 'select')")
                || (outbox.isOwn() && !isTrue("select has_table_privilege('outbox.event', 'select')"))) {
            throw SourceNotReady.forWantOfARight("user " + config.user()
                    + " may not read the outbox; run: grant select on all tables in schema outbox to " + config.user());
        }
        if (!isTrue("select has_function_privilege('outbox.nudge()', 'execute')")) {
            throw SourceNotReady.forWantOfARight("user " + config.user()
                    + " may not call outbox.nudge(); run: grant execute on function outbox.nudge() to "
                    + config.user());
        }
        if (!isTrue("select rolsuper or rolreplication or exists (select from pg_roles r where r.rolname ="
                + " 'rds_replication' and pg_has_role(r.oid, 'member')) from pg_roles where rolname ="
                + " current_user")) {
            throw SourceNotReady.forWantOfARight("user " + config.user() + " may not replicate; run: alter role "
                    + config.user()
                    + " replication (or your provider's way, for example: grant rds_replication to " + config.user()
                    + ")");
        }
    }

    private void checkPublication() throws SourceNotReady, SQLException {
        try (PreparedStatement select = connection.prepareStatement(
                "select pubinsert, pubviaroot, puballtables or exists (select from pg_publication_tables t"
                        + " where t.pubname = p.pubname and t.schemaname = ? and t.tablename = ?)"
                        + " from pg_publication p where pubname = ?")) {
            select.setString(1, outbox.schemaName());
            select.setString(2, outbox.tableName());
            select.setString(3, config.publication());
            try (ResultSet found = select.executeQuery()) {
                if (!found.next()) {
                    throw new SourceNotReady(
                            "publication " + config.publication() + " does not exist; run: tidemark init CONFIG");
                }
                if (!found.getBoolean(1) || !found.getBoolean(2) || !found.getBoolean(3)) {
                    throw new SourceNotReady("publication " + config.publication()
                            + " does not publish the inserts of " + outbox.table()
                            + " by its root; run: drop publication " + config.publication() + "; create publication "
                            + config.publication() + " for table " + outbox.quotedTable()
                            + " with (publish = 'insert', publish_via_partition_root = true), or, if others need it,"
                            + " choose another postgres.publication");
                }
            }
        }
    }

    /** The rows of another table would stop capture once they are in the WAL, and could not be taken out again. */
    private void checkPublishedTables() throws SourceNotReady, SQLException {
        try (PreparedStatement select = connection.prepareStatement("select format('%I.%I', schemaname, tablename) from"
                + " pg_publication_tables where pubname = ? and (schemaname, tablename) <> (?, ?) limit 1")) {
            select.setString(1, config.publication());
            select.setString(2, outbox.schemaName());
            select.setString(3, outbox.tableName());
            try (ResultSet other = select.executeQuery()) {
                if (other.next()) {
                    throw new SourceNotReady("publication " + config.publication() + " also publishes "
                            + other.getString(1) + "; the relay needs one for " + outbox.table()
                            + " alone: alter publication " + config.publication() + " set table "
                            + outbox.quotedTable());
                }
            }
        }
    }

    private boolean isTrue(String query) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            return row.next() && row.getBoolean(1);
        }
    }
}
