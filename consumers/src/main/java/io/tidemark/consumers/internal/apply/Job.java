package io.tidemark.consumers.internal.apply;

import io.tidemark.consumers.Event;
import io.tidemark.consumers.internal.progress.ClaimResult.Claimed;
import java.util.List;

/** What a worker is asked to do for a partition; one at a time. */
public sealed interface Job {

    /** Become the owner of the partition's progress. */
    record Claim() implements Job {}

    /** Make the partition's progress, there being none. */
    record Start(long nextOffset) implements Job {}

    /** Note that the partition is near the end of its topic. */
    record NoteCaughtUp(Claimed claimed) implements Job {}

    /** Apply these events, in one transaction with the progress. */
    record Apply(List<Event> events, Claimed claimed) implements Job {}

    /** Advance behind offsets that are no events: the markers of transactions, and what was aborted. */
    record Pass(Claimed claimed, long nextOffset) implements Job {}

    /** Send the event to the dead letters and advance behind it. */
    record SendDeadLetter(Event event, Claimed claimed, String topic, Throwable reason, int attempts) implements Job {}
}
