// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.guarantee;

import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TestSource.CommittedEvent;
import io.tidemark.it.harness.TopicReader;
import java.util.List;

/**
 * The committed events, from an independent slot, and the events that a {@code read_committed} consumer can read.
 *
 * @param committed in commit order
 * @param read partition by partition, in offset order
 * @param addedPartitions how often the topic got one more meanwhile, so that keys moved
 */
public record Evidence(List<CommittedEvent> committed, List<ReadEvent> read, int addedPartitions) {

    public Evidence(List<CommittedEvent> committed, List<ReadEvent> read) {
        this(committed, read, 0);
    }

    /** Waits until all committed events are readable, for at most a minute, and then takes the readable events. */
    public static Evidence gather(TestSource source) throws Exception {
        List<CommittedEvent> committed = source.committedEvents();
        List<ReadEvent> read = TopicReader.readUntil(
                source.servers(), source.name() + ".", events -> events.size() >= committed.size());
        return new Evidence(committed, read);
    }

    /** Checks every guarantee that this evidence can break. A violation is printed with {@code context}. */
    public void check(String context) {
        for (Guarantee guarantee : Guarantee.ALL) {
            check(guarantee, context);
        }
    }

    /** Checks one guarantee. */
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
