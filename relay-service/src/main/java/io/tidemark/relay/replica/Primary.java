package io.tidemark.relay.replica;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.replica.StandbySession.State;
import io.tidemark.relay.timeline.TimelineHistory;
import java.util.Map;
import java.util.Optional;

/**
 * What the relay knows of the primary: enough to tell a copy of it from a copy of another server that has the same
 * outbox in it, such as a restored one.
 *
 * @param systemIdentifier made by initdb, and the same on all copies
 * @param history of the timeline it is on, as far as the relay has heard; empty where it has not read it yet
 */
public record Primary(String systemIdentifier, Optional<TimelineHistory> history) {

    /** What shows that the standby has WAL which this primary never had; empty when nothing does. */
    Optional<String> whyNotOf(String standbysSystem, State standby, TimelineHistory standbysHistory) {
        if (!standbysSystem.equals(systemIdentifier)) {
            return Optional.of("it is a copy of another server: its system identifier is " + standbysSystem
                    + ", and the primary's is " + systemIdentifier);
        }
        return history.flatMap(own -> whyNotFrom(own, standby, standbysHistory));
    }

    /** A standby on a younger timeline may be the first to have followed a failover. */
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
