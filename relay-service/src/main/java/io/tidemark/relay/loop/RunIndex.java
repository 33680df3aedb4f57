// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

import io.tidemark.relay.index.IndexEntry;

/**
 * The index as the loop sees it: this replica's own index, and the topic from which the other replicas read. On the
 * publishing thread.
 */
public interface RunIndex {

    /** The entry's Kafka transaction is committed. Returns without waiting for Kafka. */
    void apply(IndexEntry entry);

    /**
     * The history of this run's stream is the published one.
     *
     * @param session of the run's entries
     */
    void anchoredBy(String session);
}
