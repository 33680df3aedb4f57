// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.apply;

import io.tidemark.consumers.Event;
import io.tidemark.consumers.internal.progress.ClaimResult.Claimed;
import java.util.List;

/** The task of a worker for a partition; one at a time. */
public sealed interface Job {

    /** Become the owner of the partition's progress. */
    record Claim() implements Job {}

    /** Create the partition's progress, which does not exist yet. */
    record Start(long nextOffset) implements Job {}

    /** Record that the partition is near the end of its topic. */
    record NoteCaughtUp(Claimed claimed) implements Job {}

    /** Apply these events, in one transaction with the progress. */
    record Apply(List<Event> events, Claimed claimed) implements Job {}

    /** Advance past offsets without events: transaction markers and aborted records. */
    record Pass(Claimed claimed, long nextOffset) implements Job {}

    /** Send the event as a dead letter and advance past it. */
    record SendDeadLetter(Event event, Claimed claimed, String topic, Throwable reason, int attempts) implements Job {}
}
