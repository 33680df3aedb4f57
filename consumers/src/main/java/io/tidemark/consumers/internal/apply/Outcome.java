// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.apply;

import io.tidemark.consumers.internal.progress.ClaimResult;
import io.tidemark.consumers.internal.progress.ClaimResult.Claimed;

/** The result of a {@link Job}. */
public sealed interface Outcome {

    /** The result of a claim. */
    record ClaimAnswered(ClaimResult result) implements Outcome {}

    /** The partition's progress exists now. */
    record Started() implements Outcome {}

    /** It is recorded that the partition has caught up. */
    record Noted() implements Outcome {}

    /** Effects and progress are committed. The partition has the new position. */
    record Advanced(Claimed claimed, int applied) implements Outcome {}

    /** Another owner has claimed the partition, or changed its progress. Nothing was committed. */
    record Lost() implements Outcome {}

    /** The events could not be applied; they or the handler are to blame. Nothing was committed. */
    record Refused(Throwable reason) implements Outcome {}

    /** The events could not be applied now, because of other transactions. Nothing was committed. */
    record Contended(Throwable reason) implements Outcome {}

    /** The JVM has failed, and the runner ends. Nothing was committed. */
    record JvmFailed(VirtualMachineError error) implements Outcome {}

    /** Kafka permanently refuses the event as a dead letter. Nothing was committed. */
    record DeadLetterRefused(Exception reason) implements Outcome {}

    /** The outcome is unknown: the database, or Kafka for a dead letter, is unreachable. */
    record Unreachable(Throwable reason) implements Outcome {}

    /** The outcome is unknown, and the database session ended during the job. The events may be the cause. */
    record SessionLost(Throwable reason) implements Outcome {}

    /** The partition is being revoked. Nothing was begun. */
    record Skipped() implements Outcome {}
}
