package io.tidemark.consumers.internal.apply;

import io.tidemark.consumers.internal.progress.ClaimResult;
import io.tidemark.consumers.internal.progress.ClaimResult.Claimed;

/** What came of a {@link Job}. */
public sealed interface Outcome {

    /** Of a claim. */
    record ClaimAnswered(ClaimResult result) implements Outcome {}

    /** The partition has progress now. */
    record Started() implements Outcome {}

    /** That the partition has caught up is noted. */
    record Noted() implements Outcome {}

    /** Effects and progress are committed; the partition stands at the new place. */
    record Advanced(Claimed claimed, int applied) implements Outcome {}

    /** Somebody else has claimed the partition, or moved its progress; nothing was committed. */
    record Lost() implements Outcome {}

    /** The events could not be applied, and that is their or the handler's fault; nothing was committed. */
    record Refused(Throwable reason) implements Outcome {}

    /** The events could not be applied for now, and nobody is to blame; nothing was committed. */
    record Contended(Throwable reason) implements Outcome {}

    /** The JVM has failed, and the runner ends; nothing was committed. */
    record JvmFailed(VirtualMachineError error) implements Outcome {}

    /** Kafka will never take the event as a dead letter; nothing was committed. */
    record DeadLetterRefused(Exception reason) implements Outcome {}

    /** Whether anything was committed is unknown: the database, or Kafka for a dead letter, is not there. */
    record Unreachable(Throwable reason) implements Outcome {}

    /** The same, and it was during the job that the database's session ended: it may have been the events' doing. */
    record SessionLost(Throwable reason) implements Outcome {}

    /** The partition is being given away; nothing was begun. */
    record Skipped() implements Outcome {}
}
