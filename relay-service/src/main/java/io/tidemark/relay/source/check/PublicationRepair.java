// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source.check;

import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.config.PostgresConfig;

/**
 * The commands that repair a publication, safe to run as printed. They wait until no transaction with uncommitted
 * events is open. Such a transaction would commit after the repair, but its events, written before, would be missing.
 */
final class PublicationRepair {

    private final String publication;
    private final String table;

    PublicationRepair(PostgresConfig postgres, OutboxConfig outbox) {
        this.publication = postgres.publication();
        this.table = outbox.quotedTable();
    }

    /** Creates the publication where none exists. */
    String create() {
        return "create publication " + publication + " for table " + table
                + " with (publish = 'insert', publish_via_partition_root = true)";
    }

    /** Drops and creates the publication. */
    String remake() {
        return safely("drop publication " + publication + "; " + create());
    }

    /** Makes the publication contain only this table, with all rows and columns. */
    String setTable() {
        return safely("alter publication " + publication + " set table " + table);
    }

    /** Wraps the commands in one transaction that locks out writers. */
    String safely(String commands) {
        return "begin; set local lock_timeout = '10s'; lock table only " + table + " in share row exclusive mode; "
                + commands + "; commit;";
    }

    /** What to do after the commands. */
    String then() {
        return " If the relay has published before, events committed meanwhile may be missing in the stream, and it halts:"
                + " then run tidemark adopt CONFIG, and tidemark audit CONFIG once the relay runs";
    }
}
