// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source;

import io.tidemark.outbox.Lsn;

/**
 * A nudge that was written, or how far the WAL had come where none was worth writing.
 *
 * @param lsn at or above every LSN that its server had handed out before
 * @param server whose WAL it is in
 */
public record Nudge(Lsn lsn, SourceIdentity server) {

    /**
     * Whether it proves that the WAL of this server has not come as far as {@code asked}, so that no write can have made
     * it. During a failover the nudge may be another server's, which proves nothing.
     */
    public boolean isShortOf(Lsn asked, SourceIdentity of) {
        return server.equals(of) && asked.isAfter(lsn);
    }
}
