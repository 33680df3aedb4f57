// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source.check;

import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.source.SourceNotReady;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Whether the outbox is complete: schema, rights, the table, and a publication of it alone. One thread. */
final class OutboxCheck {

    private final PostgresConfig config;
    private final OutboxConfig outbox;
    private final Connection connection;
    private final List<SourceNotReady> problems = new ArrayList<>();
    private final PublicationRepair repair;
    private boolean isReadable;
    /** The user's name as SQL must write it. */
    private String user = "";

    OutboxCheck(PostgresConfig config, OutboxConfig outbox, Connection connection) {
        this.config = config;
        this.outbox = outbox;
        this.connection = connection;
        this.repair = new PublicationRepair(config, outbox);
    }

    /**
     * Everything that is missing, with its fix. Leaves out what cannot exist without something else that is missing.
     */
    List<SourceNotReady> look() throws SQLException {
        user = quotedUser();
        if (isThere()) {
            checkInside();
        } else {
            problems.add(
                    new SourceNotReady("database " + config.database() + " has no outbox; run: tidemark init CONFIG"));
        }
        checkReplication();
        if (!outbox.isOwn()) {
            checkExistingTable();
        }
        publicationProblem().ifPresent(problems::add);
        problems.addAll(HiddenRows.problems(connection, outbox));
        return problems;
    }

    /** Whether the tables with the source id and the slot's start may be read. Call after {@link #look}. */
    boolean isReadable() {
        return isReadable;
    }

    /** Uses the catalog, which everybody may read: naming a table takes a right on its schema. */
    private boolean isThere() throws SQLException {
        return isTrue("select count(*) = " + (outbox.isOwn() ? 4 : 3) + ourTables());
    }

    /** For a table that is not ours, rows and columns are read through the publication and the catalog. */
    private String ourTables() {
        return " from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = 'outbox' and relname in"
                + " ('source', 'slot', 'migration'" + (outbox.isOwn() ? ", 'event')" : ")");
    }

    private void checkInside() throws SQLException {
        if (!isTrue("select has_schema_privilege('outbox', 'usage')")) {
            // a user without even that right was never granted anything; the role includes the other rights in the
            // schema
            missingRight("use schema outbox", "grant tidemark_relay to " + user);
            return;
        }
        boolean allReadable = isTrue("select bool_and(has_table_privilege(c.oid, 'select'))" + ourTables());
        isReadable = allReadable
                || isTrue("select has_table_privilege('outbox.source', 'select')"
                        + " and has_table_privilege('outbox.slot', 'select')");
        List<SourceNotReady> policies = HiddenRows.behindPolicies(connection, outbox, user);
        if (!policies.isEmpty()) {
            problems.addAll(policies);
            isReadable = false;
            return;
        }
        if (!allReadable) {
            missingRight("read the outbox", "grant select on all tables in schema outbox to " + user);
        }
        Optional<SourceNotReady> migrations = outbox.isOwn() && allReadable
                ? OutboxMigrations.problem(connection, config.database(), user)
                : Optional.empty();
        migrations.ifPresent(problems::add);
        // a function that a missing migration would make cannot be granted
        if (migrations.isEmpty() && !isTrue("select has_function_privilege('outbox.nudge()', 'execute')")) {
            missingRight("call outbox.nudge()", "grant execute on function outbox.nudge() to " + user);
        }
    }

    private void checkReplication() throws SQLException {
        if (!isTrue("select rolsuper or rolreplication or exists (select from pg_roles r where r.rolname ="
                + " 'rds_replication' and pg_has_role(r.oid, 'member')) from pg_roles where rolname ="
                + " current_user")) {
            missingRight(
                    "replicate",
                    "alter role " + user
                            + " replication (or your provider's way, for example: grant rds_replication to "
                            + user + ")");
        }
    }

    private String quotedUser() throws SQLException {
        try (PreparedStatement select = connection.prepareStatement("select quote_ident(current_user)");
                ResultSet row = select.executeQuery()) {
            row.next();
            return row.getString(1);
        }
    }

    private void missingRight(String what, String fix) {
        problems.add(SourceNotReady.forWantOfARight("user " + config.user() + " may not " + what + "; run: " + fix));
    }

    private void checkExistingTable() throws SQLException {
        try {
            ExistingTable.check(connection, outbox, config.database());
        } catch (SourceNotReady e) {
            problems.add(e);
        }
    }

    /** The first problem of the publication: the command that fixes it fixes all the others, too. */
    Optional<SourceNotReady> publicationProblem() throws SQLException {
        String publication = config.publication();
        if (!isTrue("select true from pg_publication where pubname = ?", publication)) {
            return problem(
                    "publication " + publication + " does not exist; run: tidemark init CONFIG." + repair.then());
        }
        if (!isTrue(
                "select true from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = ? and"
                        + " relname = ?",
                outbox.schemaName(),
                outbox.tableName())) {
            return Optional.empty(); // the table to publish is missing, which is reported elsewhere
        }
        if (isTrue(
                "select puballtables or exists (select from pg_publication_namespace where pnpubid = p.oid)"
                        + " from pg_publication p where pubname = ?",
                publication)) {
            return problem("publication " + publication + " is FOR ALL TABLES or FOR TABLES IN SCHEMA: the first row of"
                    + " another table would stop the relay, also after that table was taken out. If others need it,"
                    + " choose another postgres.publication; else run: " + repair.remake() + repair.then());
        }
        if (!isTrue(
                "select pubinsert and exists (select from pg_publication_rel r join pg_class c on c.oid ="
                        + " r.prrelid join pg_namespace n on n.oid = c.relnamespace where r.prpubid = p.oid"
                        + " and n.nspname = ? and c.relname = ? and (pubviaroot or c.relkind <> 'p')) from pg_publication p where pubname = ?",
                outbox.schemaName(),
                outbox.tableName(),
                publication)) {
            return problem("publication " + publication + " does not publish the inserts of " + outbox.table()
                    + " under the name of that table, so events are missing. If others need it, choose another postgres.publication;"
                    + " else run: " + repair.remake() + repair.then());
        }
        Optional<SourceNotReady> otherTable = otherTablePublished();
        return otherTable.isPresent()
                ? otherTable
                : PublishedRows.problem(connection, publication, outbox.quotedTable(), repair);
    }

    /** The rows of another table would stop capture once they are in the WAL, and could not be removed from it. */
    private Optional<SourceNotReady> otherTablePublished() throws SQLException {
        try (PreparedStatement select = connection.prepareStatement("select format('%I.%I', n.nspname, c.relname) from"
                + " pg_publication p join pg_publication_rel r on r.prpubid = p.oid join pg_class c on c.oid = r.prrelid"
                + " join pg_namespace n on n.oid = c.relnamespace where pubname = ? and (n.nspname, c.relname) <> (?, ?)"
                + " limit 1")) {
            select.setString(1, config.publication());
            select.setString(2, outbox.schemaName());
            select.setString(3, outbox.tableName());
            try (ResultSet other = select.executeQuery()) {
                return other.next()
                        ? problem("publication " + config.publication() + " also publishes " + other.getString(1)
                                + "; the relay needs one for " + outbox.table() + " alone: " + repair.setTable()
                                + repair.then())
                        : Optional.empty();
            }
        }
    }

    private static Optional<SourceNotReady> problem(String message) {
        return Optional.of(new SourceNotReady(message));
    }

    private boolean isTrue(String query, String... values) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(query)) {
            for (int i = 0; i < values.length; i++) {
                select.setString(i + 1, values[i]);
            }
            try (ResultSet row = select.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }
}
