// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source;

import io.tidemark.outbox.Lsn;

/**
 * A nudge that was written, or the end of the WAL where none was worth writing.
 *
 * @param lsn at or above every LSN that its server had handed out before
 * @param server the server whose WAL contains it
 */
public record Nudge(Lsn lsn, SourceIdentity server) {

    /**
     * Whether it proves that the WAL of this server has not reached {@code asked}, so that no write can have made that
     * LSN. During a failover the nudge may come from another server, and then proves nothing.
     */
    public boolean isShortOf(Lsn asked, SourceIdentity of) {
        return server.equals(of) && asked.isAfter(lsn);
    }
}
