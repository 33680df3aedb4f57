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
 * What became of the records of one Kafka transaction that failed. After the first definite failure Kafka's client
 * fails all that it has not sent yet with the very same exception, and a batch's other records with a general one; only
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

    /** @param event null for a record that is no event */
    synchronized void add(Exception failure, @Nullable Position event) {
        PublishFailure told = PublishFailure.of(failure).at(event == null ? null : event.commitLsn());
        if (first == null) {
            first = told;
        }
        failed = true;
        // how the client fails the others of a batch in which the broker has found one record wanting
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
            refusal = null; // the whole batch was refused, and nobody says for which record
        }
    }

    synchronized void addUnknownOffset() {
        if (first == null) {
            first = PublishFailure.notYet("Kafka did not tell the offset of a record; reading it again");
        }
        failed = true;
    }

    /** The failure that says most, or null when nothing has failed. */
    @Nullable
    PublishFailure failure() {
        return failed ? told() : null; // asked for every event, and hardly ever true
    }

    private synchronized @Nullable PublishFailure told() {
        return definiteFailure != null ? definiteFailure : first;
    }

    /** Whether a {@link #refusal} is known, or may yet become known when all callbacks have been made. */
    synchronized boolean suggestsRefusal() {
        return suggestsRefusal;
    }

    /** The one event that is to blame; to be asked when nothing is under way any more. */
    synchronized Optional<Refusal> refusal() {
        return Optional.ofNullable(refusal);
    }

    /** Which record was refused for its size, or for its topic, is known: the first that is told. */
    private static boolean isOfTheFirst(Exception failure) {
        return failure instanceof RecordTooLargeException || failure instanceof InvalidTopicException;
    }

    /** Of these the broker, or the client itself, refuses one record for what it is. */
    static boolean isAboutOneRecord(Exception failure) {
        return isOfTheFirst(failure)
                || failure instanceof InvalidTimestampException
                || failure instanceof InvalidRecordException;
    }
}
