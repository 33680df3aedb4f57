// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.timeline.TimelineHistory;

/**
 * Selects the entries of other replicas that are about the history of the database this replica is connected to. One
 * thread.
 */
final class EntryFilter {

    private final SourceIdentity identity;
    private final TimelineHistory history;
    private final String ownRuns;
    private int youngerTimeline;

    /** @param relayId names this replica in the run of an entry; its index already contains these entries */
    EntryFilter(SourceIdentity identity, TimelineHistory history, String relayId) {
        this.identity = identity;
        this.history = history;
        this.ownRuns = relayId + "/";
    }

    boolean admits(IndexEntry entry) {
        return isOfHistory(entry) && !entry.run().startsWith(ownRuns);
    }

    private boolean isOfHistory(IndexEntry entry) {
        if (entry.timeline() == identity.timeline()) {
            if (entry.isOpening()) { // a person gave up what came before from a younger timeline
                youngerTimeline = 0;
            }
            return true;
        }
        if (entry.timeline() > identity.timeline()) {
            youngerTimeline = entry.timeline();
            return false;
        }
        Lsn shared = history.sharedUpTo(entry.timeline()).orElse(Lsn.ZERO);
        return shared.isAtLeast(entry.upTo());
    }

    /** @throws SourceNotReady when events are published from a younger timeline than this database's */
    void checkTimeline() throws SourceNotReady {
        if (youngerTimeline > 0) {
            throw new SourceNotReady("events are published from timeline " + youngerTimeline
                    + ", but postgres.url leads to a database on timeline " + identity.timeline()
                    + ", an older one; let it lead to the primary only");
        }
    }
}
