package io.tidemark.it.guarantee;

import io.tidemark.it.harness.GroupConsumer;
import io.tidemark.it.harness.TestSource.CommittedEvent;
import io.tidemark.outbox.Lsn;
import java.util.List;

/**
 * What the watermark said, and what was so.
 *
 * @param committed by an independent slot
 * @param consumer knows when each event had been processed
 * @param successes every {@code success} that was given
 * @param repeats what was answered to those who asked again
 */
public record WatermarkEvidence(
        List<CommittedEvent> committed, GroupConsumer consumer, List<Success> successes, List<Repeat> repeats) {

    /**
     * A question asked again, of the same process, after it had been answered with {@code success}.
     *
     * @param status the second answer
     */
    public record Repeat(Lsn token, String status) {}

    /**
     * A {@code success}.
     *
     * @param token the LSN it was given for
     * @param ownEvent what its asker had just committed
     * @param givenNanos when it was given, by {@link System#nanoTime}
     */
    public record Success(Lsn token, String ownEvent, long givenNanos) {}

    public void check() {
        new G7SoundWatermark().check(this);
        new G8Monotone().check(this);
        new G9ReadYourWrites().check(this);
    }
}
