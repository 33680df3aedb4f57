// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.position;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.source.SlotState;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.timeline.TimelineHistory;
import java.util.Optional;

/** Whether a run may start, and where. The only place that compares position, slot and database. Pure. */
public sealed interface StartDecision {

    /**
     * Stream from the slot's confirmed LSN and drop everything at or below the resume point.
     *
     * @param slotConfirmed where the stream will begin; never above {@code resumePoint}
     * @param lastEvent see {@link SourcePosition#lastEvent}
     */
    record Start(Lsn slotConfirmed, ResumePoint resumePoint, Lsn lastEvent) implements StartDecision {

        public Start(Lsn slotConfirmed, ResumePoint resumePoint) {
            this(slotConfirmed, resumePoint, resumePoint.lsn());
        }
    }

    /** Nothing was ever published and the slot does not exist yet: waiting loses nothing. */
    record NotReady(String reason) implements StartDecision {}

    /** Continuing could lose or repeat events; a person must decide. */
    record Halt(String reason) implements StartDecision {}

    /**
     * Decides by the rules of docs/adr/0003 and 0008.
     *
     * @param stored the position read from Kafka
     * @param slot the slot as the server describes it
     * @param slotName for messages
     * @param identity of the database, whose timeline is that of {@code history}
     * @param walHead the end of the server's WAL
     */
    static StartDecision decide(
            Optional<SourcePosition> stored,
            Optional<SlotState> slot,
            String slotName,
            SourceIdentity identity,
            TimelineHistory history,
            Lsn walHead) {
        if (stored.isEmpty()) {
            return firstStart(slot, slotName);
        }
        SourcePosition position = stored.get();
        Optional<Halt> diverged = otherDatabase(position.source(), identity)
                .or(() -> otherTimeline(position.source().timeline(), history, position.lastEvent()));
        if (diverged.isPresent()) {
            return diverged.get();
        }
        ResumePoint resumePoint = inHistory(position, history);
        Lsn published = resumePoint.lsn();
        if (published.isAfter(walHead)) {
            return halt("Kafka has events up to " + published + ", but the database's WAL ends at " + walHead
                    + ": events between were published and are no longer in the database (it was restored or failed"
                    + " over with losses)");
        }
        if (slot.isEmpty() || slot.get().isLost()) {
            return halt("replication slot " + slotName + (slot.isEmpty() ? " is gone" : " is lost (wal_status)")
                    + " although events up to " + published + " were published: events between " + published + " and "
                    + walHead + " may be missing");
        }
        Lsn confirmed = slot.get().confirmed();
        Lsn complete = resumePoint.complete();
        if (confirmed.isAfter(complete)) {
            return halt("replication slot " + slotName + " is confirmed up to " + confirmed
                    + ", but Kafka has events only up to " + complete + ": events between may be missing (the slot"
                    + " was moved or recreated, or the topic " + OwnTopics.POSITIONS + " was restored)");
        }
        return new Start(confirmed, resumePoint, position.lastEvent());
    }

    /** If a failover left out only progress, publishing continues where the database changed its timeline. */
    private static ResumePoint inHistory(SourcePosition position, TimelineHistory history) {
        ResumePoint stored = position.resumePoint();
        return history.sharedUpTo(position.source().timeline())
                .filter(shared -> stored.lsn().isAfter(shared))
                .map(ResumePoint::atSwitch)
                .orElse(stored);
    }

    private static StartDecision firstStart(Optional<SlotState> slot, String slotName) {
        if (slot.isEmpty()) {
            return new NotReady("replication slot " + slotName + " does not exist; run: tidemark init CONFIG");
        }
        SlotState state = slot.get();
        if (state.isLost()) {
            return new Halt("replication slot " + slotName + " is lost (wal_status): events since " + state.confirmed()
                    + " may be missing. " + freshStart(slotName));
        }
        if (!state.isUntouched()) {
            return new Halt("this source has no position in " + OwnTopics.POSITIONS + ", but replication slot "
                    + slotName + " is confirmed up to " + state.confirmed()
                    + (state.created().equals(Lsn.ZERO)
                            ? " and was not made by tidemark init"
                            : " and was made at " + state.created())
                    + ": events may be missing, or published again (the topic was emptied, or this is another Kafka). "
                    + freshStart(slotName) + ". " + whatToDo());
        }
        return new Start(state.confirmed(), ResumePoint.after(state.confirmed()));
    }

    private static String freshStart(String slotName) {
        return "For a fresh start run: tidemark slot drop --yes " + slotName + " CONFIG and then: tidemark init CONFIG";
    }

    private static Optional<Halt> otherDatabase(SourceIdentity then, SourceIdentity now) {
        if (then.systemIdentifier().equals(now.systemIdentifier())
                && then.database().equals(now.database())) {
            return Optional.empty();
        }
        return Optional.of(halt("source " + now.sourceId() + " was published from database " + then.database()
                + " of system " + then.systemIdentifier() + ", but this is database " + now.database()
                + " of system " + now.systemIdentifier()
                + ": its LSNs mean something else (a copy needs its own source id: update outbox.source)"));
    }

    /** A partial position is judged by its commit LSN: some of that transaction's events are in Kafka. */
    private static Optional<Halt> otherTimeline(int then, TimelineHistory history, Lsn lastEvent) {
        int now = history.timeline();
        if (then == now) {
            return Optional.empty();
        }
        if (then > now) {
            return Optional.of(halt("events up to " + lastEvent + " were published on timeline " + then
                    + ", but the database is on timeline " + now
                    + ", an older one: it is a copy from before a failover, or the primary of before it"));
        }
        Optional<Lsn> shared = history.sharedUpTo(then);
        if (shared.isEmpty()) {
            return Optional.of(halt("events up to " + lastEvent + " were published on timeline " + then
                    + ", from which the database's timeline " + now
                    + " does not come: it was restored from another lineage"));
        }
        if (lastEvent.isAfter(shared.get())) {
            return Optional.of(halt("the database left timeline " + then + " at " + shared.get()
                    + " and is on timeline " + now + ", but events up to " + lastEvent + " were published on timeline "
                    + then + ": those in (" + shared.get() + ", " + lastEvent
                    + "] are published but no longer in the database (it failed over with losses, or was restored)"));
        }
        return Optional.empty();
    }

    private static Halt halt(String found) {
        return new Halt(found + ". " + whatToDo());
    }

    /** The remedy for every halt of a source that has a position. */
    static String whatToDo() {
        return "To continue nevertheless: tidemark adopt CONFIG shows what may be lost, and how to continue";
    }
}
