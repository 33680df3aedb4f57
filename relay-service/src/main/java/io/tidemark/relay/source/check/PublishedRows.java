// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source.check;

import io.tidemark.relay.source.SourceNotReady;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;

/** Whether a publication sends all rows of the outbox, and all their columns. */
final class PublishedRows {

    private PublishedRows() {}

    /** The problem when the publication leaves out columns, or rows, whose events would be lost without a trace. */
    static Optional<SourceNotReady> problem(
            Connection connection, String publication, String table, PublicationRepair repair) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement("select bool_or(prqual is not null) from"
                + " pg_publication_rel r join pg_publication p on p.oid = r.prpubid where pubname = ?"
                + " having bool_or(prqual is not null or prattrs is not null)")) {
            select.setString(1, publication);
            try (ResultSet partial = select.executeQuery()) {
                if (!partial.next()) {
                    return Optional.empty();
                }
                return Optional.of(new SourceNotReady("publication " + publication + " leaves out "
                        + (partial.getBoolean(1) ? "rows of " + table + " (it has a WHERE clause)" : "columns")
                        + "; run: " + repair.setTable() + repair.then()));
            }
        }
    }
}
