// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import io.tidemark.outbox.Position;
import java.util.Optional;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;

/**
 * The failures of one Kafka transaction's records. After the first definite failure, Kafka's client fails everything
 * that it has not sent yet with the very same exception, and the other records of the batch with a general one. Only
 * the first is about its own record. Written by the producer's callbacks, on its I/O thread or the sending one.
 */
final class SendFailures {

    private volatile boolean failed;
    private @Nullable PublishFailure first;
    private @Nullable Exception definite;
    private @Nullable PublishFailure definiteFailure;
    private @Nullable Refusal refusal;
    private boolean suggestsRefusal;

    synchronized void clear() {
        failed = false;
        first = null;
        definite = null;
        definiteFailure = null;
        refusal = null;
        suggestsRefusal = false;
    }

    /** @param event null for a record without an event */
    synchronized void add(Exception failure, @Nullable Position event) {
        PublishFailure told = PublishFailure.of(failure).at(event == null ? null : event.commitLsn());
        if (first == null) {
            first = told;
        }
        failed = true;
        // how the client fails the other records of a batch when the broker has rejected one of them
        suggestsRefusal |= failure.getClass() == KafkaException.class;
        if (!isAboutOneRecord(failure)) {
            return;
        }
        suggestsRefusal = true;
        if (definite == null) {
            definite = failure;
            definiteFailure = told;
            refusal = event == null ? null : new Refusal(event, "is refused by Kafka: " + PublishFailure.text(failure));
        } else if (definite == failure && !isOfTheFirst(failure)) {
            refusal = null; // the whole batch was refused; the record at fault is unknown
        }
    }

    synchronized void addUnknownOffset() {
        if (first == null) {
            first = PublishFailure.notYet("Kafka did not return the offset of a record; reading it again");
        }
        failed = true;
    }

    /** The most informative failure, or null when nothing has failed. */
    @Nullable
    PublishFailure failure() {
        return failed ? told() : null; // called for every event, and almost never true
    }

    private synchronized @Nullable PublishFailure told() {
        return definiteFailure != null ? definiteFailure : first;
    }

    /** Whether a {@link #refusal} is known, or may still become known when all callbacks have been made. */
    synchronized boolean suggestsRefusal() {
        return suggestsRefusal;
    }

    /** The one event that caused the failure. Call this only when nothing is in flight. */
    synchronized Optional<Refusal> refusal() {
        return Optional.ofNullable(refusal);
    }

    /** Whether the record at fault is known, as for its size or its topic: then it is the first one reported. */
    private static boolean isOfTheFirst(Exception failure) {
        return failure instanceof RecordTooLargeException || failure instanceof InvalidTopicException;
    }

    /** Whether the broker, or the client itself, refuses a single record because of its content. */
    static boolean isAboutOneRecord(Exception failure) {
        return isOfTheFirst(failure)
                || failure instanceof InvalidTimestampException
                || failure instanceof InvalidRecordException;
    }
}
