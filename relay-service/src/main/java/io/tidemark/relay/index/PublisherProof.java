// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import io.tidemark.relay.source.AdvisoryLock;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Proof that the published events come from the history of the database behind this session. The run that published
 * last holds its lock there, and a run publishes only when its stream has passed the record at its resume point. Once
 * given, the proof holds as long as the session: a server does not change its history while a session lasts. One
 * thread.
 */
final class PublisherProof {

    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Connection session;
    private final String slot;
    private final PublishedIndex index;
    private long askedNanos = System.nanoTime() - PAUSE_NANOS;
    private Optional<String> holder = Optional.empty();

    PublisherProof(Connection session, String slot, PublishedIndex index) {
        this.session = session;
        this.slot = slot;
        this.index = index;
    }

    boolean isGiven() throws SQLException {
        if (System.nanoTime() - askedNanos >= PAUSE_NANOS) {
            askedNanos = System.nanoTime();
            holder = AdvisoryLock.holder(session, slot);
        }
        return holder.isPresent() && index.isAnchoredBy(holder.get());
    }

    /** What the proof still lacks. */
    String missing() {
        return holder.isPresent()
                ? "the active replica has not shown yet that its events come from this database"
                : "no replica is active, so nothing shows that what is published comes from this database";
    }
}
