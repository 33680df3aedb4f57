package io.tidemark.it.guarantee;

import io.tidemark.it.harness.TestSource.CommittedEvent;
import io.tidemark.outbox.Lsn;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;

/**
 * What the watermark said, and what was so.
 *
 * @param committed by an independent slot
 * @param processedNanos when each event had been processed for the first time, by {@link System#nanoTime}; that clock is
 *     one for all processes of a machine
 * @param successes every {@code success} that was given
 * @param repeats what was answered to those who asked again
 * @param isGivenUp whether an event was not in its topic any more when that success was given, and a person knew
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
     * A question asked again, of the same process, after it had been answered with {@code success}.
     *
     * @param status the second answer
     * @param givenNanos when it was given, by {@link System#nanoTime}
     */
    public record Repeat(Lsn token, String status, long givenNanos) {}

    /**
     * A {@code success}.
     *
     * @param token the LSN it was given for
     * @param ownEvent what its asker had just committed
     * @param givenNanos when it was given, by {@link System#nanoTime}
     */
    public record Success(Lsn token, String ownEvent, long givenNanos) {}

    boolean isProcessedLaterThan(Success success, String eventId) {
        return processedNanos.getOrDefault(eventId, Long.MAX_VALUE) > success.givenNanos();
    }

    public void check() {
        new G7SoundWatermark().check(this);
        new G8Monotone().check(this);
        new G9ReadYourWrites().check(this);
    }
}
