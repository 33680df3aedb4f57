// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.metrics;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Unit;

/**
 * Counts the work of the runs of this process. The publishing thread calls this once for each Kafka transaction, not
 * for each event. Every call costs well under a microsecond.
 */
public final class RelayCounters {

    private static final double[] BUCKETS = {.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300
    };

    private final Counter events;
    private final Counter batches;
    private final Counter deadLetters;
    private final Histogram commitToAck;
    private final Counter takeovers;
    private final Counter errors;
    private final Counter restarts;

    RelayCounters(PrometheusRegistry registry) {
        events = Counter.builder()
                .name("tidemark_events_published")
                .help("Events in Kafka transactions that this process committed, including dead letters.")
                .register(registry);
        batches = Counter.builder()
                .name("tidemark_batches_published")
                .help("Kafka transactions that this process committed, including those that only record progress.")
                .register(registry);
        deadLetters = Counter.builder()
                .name("tidemark_dead_letters")
                .help("Events that this process published as dead letters.")
                .register(registry);
        commitToAck = Histogram.builder()
                .name("tidemark_commit_to_ack")
                .unit(Unit.SECONDS)
                .help("Seconds from the commit in Postgres (by its clock) to the commit in Kafka, for the oldest"
                        + " transaction of each batch. No event of the batch took longer.")
                .classicOnly()
                .classicUpperBounds(BUCKETS)
                .withoutExemplars()
                .register(registry);
        takeovers = Counter.builder()
                .name("tidemark_takeovers")
                .help("Times this process became the active replica after another replica had published.")
                .register(registry);
        errors = Counter.builder()
                .name("tidemark_errors")
                .help("Failed runs of this process, and failed attempts to start a run. A halted relay tries every"
                        + " 10 to 20 s, and each attempt counts.")
                .labelNames("reason")
                .register(registry);
        restarts = Counter.builder()
                .name("tidemark_restarts")
                .help("Runs of this process that failed after they had started to publish. Each was followed by a new"
                        + " run.")
                .labelNames("reason")
                .register(registry);
        // starts at 0; otherwise Prometheus would not see the first increase
        for (FailureReason reason : FailureReason.values()) {
            errors.initLabelValues(reason.label());
            restarts.initLabelValues(reason.label());
        }
    }

    /**
     * A Kafka transaction was committed.
     *
     * @param oldestCommitMillis when its first Postgres transaction was committed, milliseconds since 1970; 0 if none
     */
    public void published(int eventCount, int deadLetterCount, long oldestCommitMillis) {
        batches.inc();
        events.inc(eventCount);
        deadLetters.inc(deadLetterCount);
        if (oldestCommitMillis > 0) { // the clocks of two machines: never below 0
            commitToAck.observe(Math.max(0, System.currentTimeMillis() - oldestCommitMillis) / 1000.0);
        }
    }

    /** The position read at the start was written by another replica. */
    public void tookOver() {
        takeovers.inc();
    }

    /** @param wasPublishing whether the run had started to publish */
    public void failed(FailureReason reason, boolean wasPublishing) {
        errors.labelValues(reason.label()).inc();
        if (wasPublishing) {
            restarts.labelValues(reason.label()).inc();
        }
    }
}
