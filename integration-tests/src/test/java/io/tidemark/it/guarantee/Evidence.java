package io.tidemark.it.guarantee;

import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TestSource.CommittedEvent;
import io.tidemark.it.harness.TopicReader;
import java.util.List;

/**
 * What was committed, by an independent slot, and what a {@code read_committed} consumer can read.
 *
 * @param committed in commit order
 * @param read partition by partition, in offset order
 * @param addedPartitions how often the topic got one more meanwhile, so that keys moved
 */
public record Evidence(List<CommittedEvent> committed, List<ReadEvent> read, int addedPartitions) {

    public Evidence(List<CommittedEvent> committed, List<ReadEvent> read) {
        this(committed, read, 0);
    }

    /** Waits until as many events are readable as were committed, a minute at most, and then takes what there is. */
    public static Evidence gather(TestSource source) throws Exception {
        List<CommittedEvent> committed = source.committedEvents();
        List<ReadEvent> read = TopicReader.readUntil(
                source.servers(), source.name() + ".", events -> events.size() >= committed.size());
        return new Evidence(committed, read);
    }

    /** Checks every guarantee that evidence of this kind can break; {@code context} is printed with a violation. */
    public void check(String context) {
        for (Guarantee guarantee : Guarantee.ALL) {
            check(guarantee, context);
        }
    }

    /** Checks one of them. */
    void check(Guarantee guarantee, String context) {
        try {
            guarantee.check(this);
        } catch (AssertionError e) {
            throw new AssertionError(
                    guarantee.getClass().getSimpleName() + " is violated (" + context + "; " + committed.size()
                            + " committed, " + read.size() + " readable): " + e.getMessage(),
                    e);
        }
    }
}
