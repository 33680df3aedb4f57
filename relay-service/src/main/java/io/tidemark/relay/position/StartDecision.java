package io.tidemark.relay.position;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.assemble.ResumePoint;
import io.tidemark.relay.source.SlotState;
import io.tidemark.relay.source.SourceIdentity;
import java.util.Optional;

/** Whether a run may start, and where: the one place that weighs position, slot and database against each other. Pure. */
public sealed interface StartDecision {

    /**
     * Stream from the slot's confirmed LSN and drop what is at or below the resume point.
     *
     * @param slotConfirmed where the stream will begin; never above {@code resumePoint}
     */
    record Start(Lsn slotConfirmed, ResumePoint resumePoint) implements StartDecision {}

    /** Nothing was ever published and the slot is not there yet: waiting loses nothing. */
    record NotReady(String reason) implements StartDecision {}

    /** Going on could lose or repeat events; a person must decide. */
    record Halt(String reason) implements StartDecision {}

    /**
     * Decides; the rules are those of docs/adr/0003.
     *
     * @param stored the position read from Kafka
     * @param slot the slot as the server has it
     * @param slotName for messages
     * @param walHead the end of the server's WAL
     */
    static StartDecision decide(
            Optional<SourcePosition> stored,
            Optional<SlotState> slot,
            String slotName,
            SourceIdentity identity,
            Lsn walHead) {
        if (stored.isEmpty()) {
            return firstStart(slot, slotName);
        }
        SourcePosition position = stored.get();
        Lsn published = position.resumePoint().lsn();
        Optional<Halt> foreign = otherDatabase(position.source(), identity, published);
        if (foreign.isPresent()) {
            return foreign.get();
        }
        if (published.isAfter(walHead)) {
            return new Halt("Kafka has events up to " + published + ", but the database's WAL ends at " + walHead
                    + ": events between were published and are no longer in the database (it was restored or failed"
                    + " over with losses)");
        }
        if (slot.isEmpty() || slot.get().isLost()) {
            return new Halt("replication slot " + slotName + (slot.isEmpty() ? " is gone" : " is lost (wal_status)")
                    + " although events up to " + published + " were published: events between " + published + " and "
                    + walHead + " may be missing");
        }
        Lsn confirmed = slot.get().confirmed();
        Lsn complete = position.resumePoint().complete();
        if (confirmed.isAfter(complete)) {
            return new Halt("replication slot " + slotName + " is confirmed up to " + confirmed
                    + ", but Kafka has events only up to " + complete + ": events between may be missing (the slot"
                    + " was moved or made anew, or the topic " + SourcePosition.TOPIC + " was restored)");
        }
        return new Start(confirmed, position.resumePoint());
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
            return new Halt("there is no position of this source in " + SourcePosition.TOPIC + ", but replication slot "
                    + slotName + " is confirmed up to " + state.confirmed()
                    + (state.created().equals(Lsn.ZERO)
                            ? " and was not made by tidemark init"
                            : " and was made at " + state.created())
                    + ": events may be missing, or published again (the topic was emptied, or this is another Kafka). "
                    + freshStart(slotName));
        }
        return new Start(state.confirmed(), ResumePoint.after(state.confirmed()));
    }

    private static String freshStart(String slotName) {
        return "For a fresh start run: tidemark slot drop --yes " + slotName + " CONFIG and then: tidemark init CONFIG";
    }

    private static Optional<Halt> otherDatabase(SourceIdentity then, SourceIdentity now, Lsn published) {
        if (!then.systemIdentifier().equals(now.systemIdentifier())
                || !then.database().equals(now.database())) {
            return Optional.of(new Halt("source " + now.sourceId() + " was published from database " + then.database()
                    + " of system " + then.systemIdentifier() + ", but this is database " + now.database()
                    + " of system " + now.systemIdentifier()
                    + ": its LSNs mean something else (a copy needs a source id of its own: update outbox.source)"));
        }
        if (then.timeline() != now.timeline()) {
            return Optional.of(
                    new Halt("the database is on timeline " + now.timeline() + ", but events up to " + published
                            + " were published on timeline " + then.timeline()
                            + ": it failed over or was restored, and whether events are"
                            + " missing is not known"));
        }
        return Optional.empty();
    }
}
