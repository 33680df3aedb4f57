// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.run;

import io.tidemark.relay.index.IndexEntry;
import io.tidemark.relay.index.IndexWriter;
import io.tidemark.relay.index.PublishedIndex;
import io.tidemark.relay.loop.RunIndex;

/**
 * Applies an entry to this replica's index, then sends it to the other replicas as a hint that may be lost. On the
 * publishing thread.
 */
record ToldIndex(PublishedIndex index, IndexWriter writer) implements RunIndex {

    @Override
    public void apply(IndexEntry entry) {
        index.apply(entry);
        writer.write(entry.toJson());
    }

    @Override
    public void anchoredBy(String session) {
        index.anchoredBy(session);
    }
}
