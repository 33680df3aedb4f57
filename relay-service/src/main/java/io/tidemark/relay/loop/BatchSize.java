// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

import io.tidemark.relay.config.LimitsConfig;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Number of events in one Kafka transaction: as configured, or fewer while Kafka does not accept that many in time. A
 * timeout ends the run, so this object outlives runs. On the publishing thread.
 */
public final class BatchSize {

    private static final Logger LOG = LoggerFactory.getLogger(BatchSize.class);

    /** If a batch takes less than this, one of twice the size finishes long before Kafka's client gives up (30 s). */
    private static final long FAST_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final int most;
    private int events;

    public BatchSize(LimitsConfig limits) {
        this.most = limits.batchEvents();
        this.events = most;
    }

    /**
     * Number of events at which a Kafka transaction is closed. A Postgres transaction within the limits is never
     * divided.
     */
    int events() {
        return events;
    }

    /** Kafka did not accept this number of events in time: the next attempt uses half. */
    void timedOut(int sent) {
        int before = events;
        events = Math.max(1, Math.min(events, sent) / 2);
        if (events < before) {
            LOG.warn(
                    "event=batch-halved events={} was={} why=\"Kafka did not take them in time\" effect=\"smaller Kafka"
                            + " transactions, until they are fast again\"",
                    events,
                    before);
        }
    }

    /** Kafka accepted this number of events in this time. */
    void taken(int sent, long nanos) {
        if (sent >= events && nanos < FAST_NANOS) {
            events = (int) Math.min(most, events * 2L);
        }
    }
}
