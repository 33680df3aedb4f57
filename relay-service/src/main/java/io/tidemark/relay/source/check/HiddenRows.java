// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source.check;

import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.source.SourceNotReady;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Finds rows that a reader of the outbox sees but the stream does not carry, or the reverse. One thread. */
final class HiddenRows {

    /** The table and its children of any depth; what is wrong with each, most important first. */
    private static final String FIND = """
            with recursive tree(relid, is_root) as (
                select c.oid, true from pg_class c join pg_namespace n on n.oid = c.relnamespace
                 where n.nspname = ? and c.relname = ?
                union all select i.inhrelid, false from tree join pg_inherits i on i.inhparent = tree.relid)
            select format('%I.%I', n.nspname, c.relname), finding, detail
              from tree
              join pg_class c on c.oid = tree.relid
              join pg_namespace n on n.oid = c.relnamespace
             cross join lateral (
                select 1 as finding, '' as detail where c.relpersistence <> 'p'
                union all select 2, case when c.relispartition then 'partition' else 'child' end where c.relkind = 'f'
                union all select 3, '' where not is_root and not c.relispartition and c.relkind <> 'f'
                union all select 4, quote_ident(w.rulename) from pg_rewrite w
                    where w.ev_class = c.oid and w.ev_type = '3' and w.is_instead and w.ev_enabled <> 'D'
                union all select 5, quote_ident(t.tgname) from pg_trigger t
                    where t.tgrelid = c.oid and is_root and t.tgname = 'created_at_stays' and t.tgenabled <> 'A') f
             order by finding, 1""";

    private HiddenRows() {}

    /** Every finding, with its fix. */
    static List<SourceNotReady> problems(Connection connection, OutboxConfig outbox) throws SQLException {
        List<SourceNotReady> problems = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement(FIND)) {
            select.setString(1, outbox.schemaName());
            select.setString(2, outbox.tableName());
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    if (row.getInt(2) != 5 || outbox.isOwn()) {
                        problems.add(new SourceNotReady(
                                problem(row.getString(1), row.getInt(2), row.getString(3), outbox.quotedTable())));
                    }
                }
            }
        }
        return problems;
    }

    private static String problem(String relation, int finding, String detail, String table) {
        String after = " Rows that it got before are in the table but not in Kafka: tidemark audit CONFIG lists them";
        return switch (finding) {
            case 1 ->
                "table " + relation + " is not permanent, so the WAL does not have its rows, and they are never"
                        + " published; run: alter table " + relation + " set logged." + after;
            case 2 ->
                "table " + relation + " is a foreign table, so the WAL does not have its rows, and they are never"
                        + " published; run: alter table "
                        + (detail.equals("partition")
                                ? table + " detach partition " + relation
                                : relation + " no inherit " + table)
                        + "." + after;
            case 3 ->
                "table " + relation + " inherits from " + table + " and is not a partition of it: its rows show in "
                        + table + ", but are not published as its own; run: alter table " + relation + " no inherit "
                        + table + "." + after;
            case 4 ->
                "rule " + detail + " on " + relation + " takes effect instead of an INSERT, so events that are inserted"
                        + " are not published; run: drop rule " + detail + " on " + relation;
            default ->
                "trigger " + detail + " on " + relation + " does not fire under session_replication_role = replica, so"
                        + " an UPDATE could move a row to another partition and publish it twice; run: alter table "
                        + relation + " enable always trigger " + detail;
        };
    }

    /**
     * Finds tables whose rows a policy hides from this user. Counting such rows, or finding none, would prove nothing.
     */
    static List<SourceNotReady> behindPolicies(Connection connection, OutboxConfig outbox, String user)
            throws SQLException {
        List<SourceNotReady> problems = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement("select format('%I.%I', n.nspname, c.relname)"
                + " from pg_class c join pg_namespace n on n.oid = c.relnamespace where row_security_active(c.oid)"
                + " and (n.nspname = 'outbox' and c.relname in ('source', 'slot', 'migration')"
                + " or n.nspname = ? and c.relname = ?)")) {
            select.setString(1, outbox.schemaName());
            select.setString(2, outbox.tableName());
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    String table = row.getString(1);
                    problems.add(new SourceNotReady("row-level security hides rows of " + table + " from user "
                            + user
                            + ", so replay, explain and cleanup would miss events without a word; run:"
                            + " alter table " + table + " disable row level security, or: alter role "
                            + user + " bypassrls"));
                }
            }
        }
        return problems;
    }
}
