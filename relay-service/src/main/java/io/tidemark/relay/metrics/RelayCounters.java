package io.tidemark.relay.metrics;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Unit;

/**
 * What the runs of this process have done. Told by the publishing thread, once for each Kafka transaction and not for
 * each event; every call costs well under a microsecond.
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
                .help("Events in committed Kafka transactions of this process, dead letters among them.")
                .register(registry);
        batches = Counter.builder()
                .name("tidemark_batches_published")
                .help("Committed Kafka transactions of this process, those that only record progress among them.")
                .register(registry);
        deadLetters = Counter.builder()
                .name("tidemark_dead_letters")
                .help("Events that this process has sent to the dead letters.")
                .register(registry);
        commitToAck = Histogram.builder()
                .name("tidemark_commit_to_ack")
                .unit(Unit.SECONDS)
                .help("From the commit in Postgres, by its clock, to that in Kafka; of the oldest transaction in each"
                        + " batch, so no event of the batch took longer.")
                .classicOnly()
                .classicUpperBounds(BUCKETS)
                .withoutExemplars()
                .register(registry);
        takeovers = Counter.builder()
                .name("tidemark_takeovers")
                .help("Times this process became the active one where another replica had published before.")
                .register(registry);
        errors = Counter.builder()
                .name("tidemark_errors")
                .help("Failed runs of this process, and failed attempts to begin one. A halted relay tries again every"
                        + " 10 to 20 s, and counts each.")
                .labelNames("reason")
                .register(registry);
        restarts = Counter.builder()
                .name("tidemark_restarts")
                .help("Runs of this process that had been publishing when they failed; another one was begun.")
                .labelNames("reason")
                .register(registry);
        for (FailureReason reason : FailureReason.values()) { // from 0 on, or the first would not be seen to rise
            errors.initLabelValues(reason.label());
            restarts.initLabelValues(reason.label());
        }
    }

    /**
     * A Kafka transaction was committed.
     *
     * @param oldestCommitMillis when the first Postgres transaction in it was committed, since 1970; 0 when it has none
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

    /** @param wasPublishing whether the run had come so far */
    public void failed(FailureReason reason, boolean wasPublishing) {
        errors.labelValues(reason.label()).inc();
        if (wasPublishing) {
            restarts.labelValues(reason.label()).inc();
        }
    }
}
