// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.history;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;

/**
 * How many waits have ended so far, by outcome, and how long the successful ones took.
 *
 * @param byOutcome since the process started
 * @param bounds upper bounds of the buckets in seconds; the last is infinite
 * @param successes number in each bucket since the process started
 * @param events events that this process has published so far
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record WaitCounts(Map<String, Double> byOutcome, double[] bounds, long[] successes, double events) {

    static final WaitCounts NONE = new WaitCounts(Map.of(), new double[0], new long[0], 0);

    private static final String WAITS = "tidemark_wait_requests";
    private static final String DURATION = "tidemark_wait_duration_seconds";
    private static final String EVENTS = "tidemark_events_published";
    private static final Set<String> NAMES = Set.of(WAITS, DURATION, EVENTS);

    /** Reads memory only. */
    static WaitCounts read(PrometheusRegistry registry) {
        Map<String, Double> outcomes = new TreeMap<>();
        double[] bounds = {};
        long[] successes = {};
        double events = 0;
        for (MetricSnapshot metric : registry.scrape(NAMES::contains)) {
            String name = metric.getMetadata().getName();
            if (metric instanceof CounterSnapshot counter && name.equals(WAITS)) {
                counter.getDataPoints()
                        .forEach(point -> outcomes.merge(
                                String.valueOf(point.getLabels().get("outcome")), point.getValue(), Double::sum));
            } else if (metric instanceof CounterSnapshot counter && name.equals(EVENTS)) {
                events = counter.getDataPoints().stream()
                        .mapToDouble(CounterSnapshot.CounterDataPointSnapshot::getValue)
                        .sum();
            } else if (metric instanceof HistogramSnapshot durations && name.equals(DURATION)) {
                for (HistogramSnapshot.HistogramDataPointSnapshot point : durations.getDataPoints()) {
                    if ("success".equals(point.getLabels().get("outcome"))) {
                        ClassicHistogramBuckets buckets = point.getClassicBuckets();
                        bounds = new double[buckets.size()];
                        successes = new long[buckets.size()];
                        for (int i = 0; i < buckets.size(); i++) {
                            bounds[i] = buckets.getUpperBound(i);
                            successes[i] = buckets.getCount(i);
                        }
                    }
                }
            }
        }
        return new WaitCounts(outcomes, bounds, successes, events);
    }

    /**
     * Upper bound of the bucket in which this share of the successes since {@code before} lies.
     *
     * @return empty if there were none, or if it is beyond the last bound
     */
    OptionalDouble quantileSince(WaitCounts before, double share) {
        long[] fresh = Arrays.copyOf(successes, successes.length);
        for (int i = 0; i < Math.min(fresh.length, before.successes.length); i++) {
            fresh[i] -= before.successes[i];
        }
        long all = Arrays.stream(fresh).sum();
        long seen = 0;
        for (int i = 0; i < fresh.length && all > 0; i++) {
            seen += fresh[i];
            if (seen >= share * all) {
                return Double.isInfinite(bounds[i]) ? OptionalDouble.empty() : OptionalDouble.of(bounds[i]);
            }
        }
        return OptionalDouble.empty();
    }
}
