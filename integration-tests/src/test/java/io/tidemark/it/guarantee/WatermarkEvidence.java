// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.guarantee;

import io.tidemark.it.harness.TestSource.CommittedEvent;
import io.tidemark.outbox.Lsn;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiPredicate;

/**
 * The answers of the watermark, and the facts.
 *
 * @param committed from an independent slot
 * @param processedNanos when each event was first processed, by {@link System#nanoTime}, which is the same clock for
 *     all processes of a machine
 * @param successes every {@code success}
 * @param repeats the answers to repeated requests
 * @param isGivenUp whether the event had left its topic when that success was given, and a person knew it
 */
public record WatermarkEvidence(
        List<CommittedEvent> committed,
        Map<String, Long> processedNanos,
        List<Success> successes,
        List<Repeat> repeats,
        BiPredicate<CommittedEvent, Success> isGivenUp) {

    /** Nobody has given up anything. */
    public WatermarkEvidence(
            List<CommittedEvent> committed,
            Map<String, Long> processedNanos,
            List<Success> successes,
            List<Repeat> repeats) {
        this(committed, processedNanos, successes, repeats, (event, success) -> false);
    }

    /**
     * A request to the same process, repeated after {@code success}.
     *
     * @param status the second answer
     * @param givenNanos when it was given, by {@link System#nanoTime}
     */
    public record Repeat(Lsn token, String status, long givenNanos) {}

    /**
     * A {@code success}.
     *
     * @param token the LSN of the token
     * @param ownEvent the event that the reader had just committed, if its token was the question; a question without a
     *     token covers it like any other event
     * @param givenNanos time of the answer, by {@link System#nanoTime}
     */
    public record Success(Lsn token, Optional<String> ownEvent, long givenNanos) {}

    boolean isProcessedLaterThan(Success success, String eventId) {
        return processedNanos.getOrDefault(eventId, Long.MAX_VALUE) > success.givenNanos();
    }

    public void check() {
        new G7SoundWatermark().check(this);
        new G8Monotone().check(this);
        new G9ReadYourWrites().check(this);
    }
}
