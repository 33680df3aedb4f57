// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publication;

import java.util.ArrayList;
import java.util.List;

/**
 * What decides which rows come through the stream, with its versions. Two equal states mean that nothing was altered in
 * between, not even for a moment: a committed change leaves a catalog row with a transaction id that was never used
 * before, and the old row cannot return (docs/adr/0016).
 *
 * @param slot its name
 * @param table with its schema
 * @param publicationName as configured
 * @param publication its catalog row: oid, version, settings
 * @param relations the tables in it, each with oid, version, WHERE clause and column list
 * @param schemas the schemas whose tables it publishes
 * @param root the outbox table: its oid, the version of its row type, kind and persistence
 */
public record PublicationState(
        String slot,
        String table,
        String publicationName,
        String publication,
        String relations,
        String schemas,
        String root) {

    /**
     * Differences that show another configuration of the same source: the database did not change, but a second relay
     * exists.
     */
    List<String> differencesOf(String otherSlot, String otherTable) {
        List<String> differences = new ArrayList<>();
        if (!slot.equals(otherSlot)) {
            differences.add("postgres.slot is " + otherSlot + ", but this source was published from slot " + slot);
        }
        if (!table.equals(otherTable)) {
            differences.add("the outbox table is " + otherTable + ", but this source was published from " + table);
        }
        return differences;
    }

    /** Everything that has changed, each in a few words; empty when nothing has. */
    List<String> differencesFrom(PublicationState before) {
        List<String> differences = new ArrayList<>(before.differencesOf(slot, table));
        if (table.equals(before.table) && !root.equals(before.root)) {
            differences.add("table " + table + " was made again, swapped by renaming, moved, or given another owner");
        }
        if (!publicationName.equals(before.publicationName)) {
            differences.add("postgres.publication is " + publicationName + ", but this source was published with "
                    + before.publicationName);
        } else if (!publication.equals(before.publication)) {
            differences.add("publication " + publicationName + " was altered, or dropped and made again");
        }
        if (!relations.equals(before.relations)) {
            differences.add(
                    "the tables of publication " + publicationName + ", a WHERE clause or a column list were altered");
        }
        if (!schemas.equals(before.schemas)) {
            differences.add("the schemas of publication " + publicationName + " were altered");
        }
        return differences;
    }
}
