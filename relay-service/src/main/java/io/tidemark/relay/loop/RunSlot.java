// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

import io.tidemark.outbox.Lsn;

/** The replication slot as the loop sees it. On the publishing thread. */
public interface RunSlot {

    /**
     * Kafka has everything committed at or below this LSN: Postgres may drop it.
     *
     * @param lsn the end of a commit record or of a nudge; never decreases within a run
     */
    void confirmUpTo(Lsn lsn);
}
