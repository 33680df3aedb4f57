// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source.check;

import io.tidemark.relay.source.SourceNotReady;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** What in a database can make its stream unreadable, whatever the outbox contains. One thread. */
public final class ServerLimits {

    /**
     * At start, Debezium reads the values of every type of the enum category, and fails for a type without values (seen
     * with 3.6.3). That happens for an enum without values, and for a domain over an enum, because the values belong to
     * the enum.
     */
    private static final String UNREADABLE_TYPES = """
            select string_agg(format('%I.%I', n.nspname, t.typname) || case t.typtype when 'd' then ' (a domain)'
                    else '' end, ', ' order by n.nspname, t.typname), count(*) filter (where t.typtype = 'd') > 0,
                   min(format('%I.%I', n.nspname, t.typname)) filter (where t.typtype <> 'd')
              from pg_type t join pg_namespace n on n.oid = t.typnamespace
             where t.typcategory = 'E' and n.nspname <> 'pg_toast'
               and not exists (select from pg_enum e where e.enumtypid = t.oid)
            having count(*) > 0""";

    private ServerLimits() {}

    /** Every finding, with its fix. */
    static List<SourceNotReady> problems(Connection connection, String database) throws SQLException {
        List<SourceNotReady> problems = new ArrayList<>();
        if (encoding(connection).equals("SQL_ASCII")) {
            problems.add(new SourceNotReady("database " + database + " has encoding SQL_ASCII: Postgres does not know"
                    + " how its text is encoded, so events that are not UTF-8 would be published altered. Nothing is"
                    + " published. Make the database again with encoding UTF8, and restore a dump of it: createdb"
                    + " --encoding=UTF8 --template=template0 NAME"));
        }
        try (PreparedStatement select = connection.prepareStatement(UNREADABLE_TYPES);
                ResultSet types = select.executeQuery()) {
            if (types.next()) {
                problems.add(new SourceNotReady(unreadable(types)));
            }
        }
        return problems;
    }

    private static String unreadable(ResultSet types) throws SQLException {
        StringBuilder message = new StringBuilder(
                "these types have no values of an enum, and Debezium cannot start where" + " there is such a type: "
                        + types.getString(1) + ". Nothing is published, and nothing is lost.");
        String empty = types.getString(3);
        if (empty != null) {
            message.append(" Drop an enum that is empty, or give it a value: alter type ")
                    .append(empty)
                    .append(" add value 'none'.");
        }
        if (types.getBoolean(2)) {
            message.append(" Replace a domain over an enum by the enum itself, or by a domain over text.");
        }
        return message.toString();
    }

    /** What people should know about the encoding; empty when there is nothing to report. */
    public static String hint(Connection connection) throws SQLException {
        String encoding = encoding(connection);
        return encoding.equals("UTF8")
                ? ""
                : "; hint: the database's encoding is " + encoding + ", and events are published in UTF-8; a character"
                        + " that has no equivalent there is refused by outbox.publish(), but not by a table of your own:"
                        + " in that, it stops the stream";
    }

    private static String encoding(Connection connection) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement("select current_setting('server_encoding')");
                ResultSet row = select.executeQuery()) {
            row.next();
            return row.getString(1);
        }
    }
}
