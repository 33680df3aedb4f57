// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source.check;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** Whether the slot survives a failover of Postgres. For people to read; nothing depends on it. */
public final class FailoverHint {

    private FailoverHint() {}

    /** A few words about the slot; empty when there is nothing to report. */
    public static String of(Connection connection, String slot) throws SQLException {
        // As JSON, because the column does not exist before 17.
        try (PreparedStatement select = connection.prepareStatement("select to_jsonb(s)->>'failover',"
                + " coalesce(current_setting('synchronized_standby_slots', true), '')"
                + " from pg_replication_slots s where slot_name = ?")) {
            select.setString(1, slot);
            try (ResultSet row = select.executeQuery()) {
                if (!row.next() || row.getString(1) == null) {
                    return "";
                }
                if (!row.getBoolean(1)) {
                    return "; hint: not a failover slot, so it is gone after a failover of Postgres";
                }
                return row.getString(2).isEmpty()
                        ? "; hint: a failover slot, but synchronized_standby_slots is empty, so events may be published"
                                + " before a standby has them"
                        : "";
            }
        }
    }
}
