// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replica;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.replica.StandbySession.State;
import io.tidemark.relay.timeline.TimelineHistory;
import java.util.Map;
import java.util.Optional;

/**
 * What the relay knows about the primary. This is enough to distinguish a standby of it from a standby of another
 * server with the same outbox, such as a restored copy.
 *
 * @param systemIdentifier created by initdb, and the same on all copies
 * @param history history of its current timeline, as the relay knows it; empty before the relay has read it
 */
public record Primary(String systemIdentifier, Optional<TimelineHistory> history) {

    /** Why the standby has WAL that this primary never had; empty if it has none. */
    Optional<String> whyNotOf(String standbysSystem, State standby, TimelineHistory standbysHistory) {
        if (!standbysSystem.equals(systemIdentifier)) {
            return Optional.of("it is a copy of another server: its system identifier is " + standbysSystem
                    + ", and the primary's is " + systemIdentifier);
        }
        return history.flatMap(own -> whyNotFrom(own, standby, standbysHistory));
    }

    /** A standby on a newer timeline may be the first that followed a failover. */
    private static Optional<String> whyNotFrom(TimelineHistory own, State standby, TimelineHistory theirs) {
        for (Map.Entry<Integer, Lsn> left : own.switches().entrySet()) {
            Lsn others = theirs.switches().get(left.getKey());
            if (others != null && !others.equals(left.getValue())) {
                return Optional.of("it left timeline " + left.getKey() + " at " + others + ", and the primary at "
                        + left.getValue());
            }
        }
        if (standby.timeline() >= own.timeline()) {
            return Optional.empty();
        }
        Optional<Lsn> shared = own.sharedUpTo(standby.timeline());
        if (shared.isEmpty()) {
            return Optional.of("it is on timeline " + standby.timeline() + ", from which the primary's timeline "
                    + own.timeline() + " does not come");
        }
        return standby.replayed().isAfter(shared.get())
                ? Optional.of("it has replayed timeline " + standby.timeline() + " up to " + standby.replayed()
                        + ", and the primary left that timeline at " + shared.get())
                : Optional.empty();
    }
}
