// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publication;

import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.config.PostgresConfig;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Looks at publication and table through the catalogs, which every role may read. Stateless. Each look is one
 * statement, and so one snapshot, on a connection in auto-commit mode.
 */
public final class PublicationReader {

    /**
     * The version of a catalog row is its xmin. The version of the table is that of its row type, which a GRANT or a
     * new column does not change. A row that an open transaction has changed carries that transaction as xmax. No lock
     * shows an ALTER PUBLICATION … SET, so xmax is its only sign.
     */
    private static final String LOOK = """
            with now as (
                select pg_snapshot_xmax(s)::text::bigint as next, pg_snapshot_xmin(s)::text::bigint as oldest
                  from pg_current_snapshot() as s),
            pub as (select oid, xmin as v, xmax as x, to_jsonb(p) - 'oid' as t from pg_publication p where pubname = ?),
            rel as (select r.oid, r.xmin as v, r.xmax as x, to_jsonb(r) - 'oid' - 'prpubid' as t
                      from pub join pg_publication_rel r on r.prpubid = pub.oid),
            nsp as (select n.oid, n.xmin as v, n.xmax as x, n.pnnspid as t
                      from pub join pg_publication_namespace n on n.pnpubid = pub.oid),
            root as (select c.oid, t.xmin as v, concat_ws('.', c.relnamespace, c.relkind, c.relpersistence) as t
                       from pg_namespace s join pg_class c on c.relnamespace = s.oid join pg_type t on t.oid = c.reltype
                      where s.nspname = ? and c.relname = ?),
            ends as (
                select o.x, case when x8 >= next then 'in progress' else pg_xact_status(x8::text::xid8) end as status
                  from (select x from pub union all select x from rel union all select x from nsp) as o
                 cross join now
                 cross join lateral (select (o.x::text::bigint - next) & 4294967295 as ahead) as d
                 cross join lateral (select next + ahead - case when ahead > 2147483647 then 4294967296 else 0 end
                                         as x8) as e
                 where o.x <> '0'::xid)
            select (select concat_ws(' ', oid, v, t) from pub),
                   (select string_agg(concat_ws(' ', oid, v, t), '; ' order by oid) from rel),
                   (select string_agg(concat_ws(' ', oid, v, t), '; ' order by oid) from nsp),
                   (select concat_ws(' ', oid, v, t) from root),
                   (select string_agg(x::text, ',' order by x::text) from ends where status = 'in progress'),
                   (select string_agg(x::text, ',' order by x::text) from ends where status = 'committed'),
                   (select coalesce(bool_and(v8 < oldest or v8 >= next), true)
                      from (select v from pub union all select v from rel union all select v from nsp
                            union all select v from root) as o
                     cross join now
                     cross join lateral (select (o.v::text::bigint - next) & 4294967295 as ahead) as d
                     cross join lateral (select next + ahead - case when ahead > 2147483647 then 4294967296 else 0 end
                                             as v8) as e)""";

    private static final String HOLDER = "select coalesce((select 'backend ' || l.pid || coalesce(' (user ' ||"
            + " a.usename || ', application ' || quote_literal(a.application_name) || ')', '') from pg_locks l left join"
            + " pg_stat_activity a on a.pid = l.pid where l.locktype = 'transactionid' and l.granted"
            + " and l.transactionid::text = ? limit 1), 'a prepared transaction, or one that has just ended')";

    /** Children of the root, of any depth, whose rows are not in the WAL. */
    private static final String HIDDEN =
            "with recursive tree(relid) as (select inhrelid from pg_inherits where inhparent"
                    + " = ? union all select inhrelid from tree join pg_inherits on inhparent = tree.relid)"
                    + " select format('%I.%I', n.nspname, c.relname) from tree join pg_class c on c.oid = tree.relid"
                    + " join pg_namespace n on n.oid = c.relnamespace"
                    + " where c.relpersistence <> 'p' or c.relkind not in ('r', 'p') limit 1";

    private final PostgresConfig postgres;
    private final OutboxConfig outbox;

    private record Row(
            PublicationLook.Seen seen,
            @Nullable String missing,
            Set<String> open,
            Set<String> committed,
            boolean isSettled) {}

    public PublicationReader(PostgresConfig postgres, OutboxConfig outbox) {
        this.postgres = postgres;
        this.outbox = outbox;
    }

    /** Looks once. Everything received from the stream before the call was decoded with the state that is seen. */
    public PublicationLook look(Connection connection) throws SQLException {
        Row row = read(connection);
        if (!row.committed().isEmpty()) {
            // A transaction that has committed but is not visible either committed after this snapshot, so the next one
            // shows it, or only locked the row, so the next one shows the same.
            Set<String> before = row.committed();
            row = read(connection);
            if (!before.containsAll(row.committed())) {
                return new PublicationLook.InDoubt("a transaction that has just ended");
            }
        }
        if (!row.open().isEmpty()) {
            return new PublicationLook.InDoubt(
                    holder(connection, row.open().iterator().next()));
        }
        return row.missing() != null ? new PublicationLook.Missing(row.missing()) : row.seen();
    }

    /**
     * Whether every transaction that was open when the present state was made has ended. Until then, one of them may
     * commit rows that were written under another state.
     */
    public boolean isSettled(Connection connection) throws SQLException {
        return read(connection).isSettled();
    }

    private Row read(Connection connection) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(LOOK)) {
            select.setString(1, postgres.publication());
            select.setString(2, outbox.schemaName());
            select.setString(3, outbox.tableName());
            try (ResultSet row = select.executeQuery()) {
                row.next();
                String publication = row.getString(1);
                String root = row.getString(4);
                PublicationState state = new PublicationState(
                        postgres.slot(),
                        outbox.table(),
                        postgres.publication(),
                        textOf(publication),
                        textOf(row.getString(2)),
                        textOf(row.getString(3)),
                        textOf(root));
                return new Row(
                        new PublicationLook.Seen(state),
                        publication == null
                                ? "publication " + postgres.publication() + " does not exist"
                                : root == null ? "table " + outbox.table() + " does not exist" : null,
                        idsOf(row.getString(5)),
                        idsOf(row.getString(6)),
                        row.getBoolean(7));
            }
        }
    }

    private static String textOf(@Nullable String value) {
        return value == null ? "" : value;
    }

    private static Set<String> idsOf(@Nullable String list) {
        return list == null ? Set.of() : new TreeSet<>(List.of(list.split(",")));
    }

    private static String holder(Connection connection, String transaction) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(HOLDER)) {
            select.setString(1, transaction);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return "transaction " + transaction + " of " + row.getString(1);
            }
        }
    }

    /** A child of the table whose rows are not in the WAL; null when none exists. */
    @Nullable
    String hiddenChild(Connection connection) throws SQLException {
        try (PreparedStatement find = connection.prepareStatement("select c.oid from pg_class c join pg_namespace n on"
                        + " n.oid = c.relnamespace where n.nspname = ? and c.relname = ?");
                PreparedStatement select = connection.prepareStatement(HIDDEN)) {
            find.setString(1, outbox.schemaName());
            find.setString(2, outbox.tableName());
            try (ResultSet root = find.executeQuery()) {
                if (!root.next()) {
                    return null;
                }
                select.setLong(1, root.getLong(1));
            }
            try (ResultSet row = select.executeQuery()) {
                return row.next() ? row.getString(1) : null;
            }
        }
    }
}
