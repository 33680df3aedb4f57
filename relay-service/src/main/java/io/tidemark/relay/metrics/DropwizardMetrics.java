// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.metrics;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/**
 * The metrics that only Dropwizard has: the threads of both ports, and the logged lines. Each is registered by hand,
 * because client_java's bridge would use class names as names and help texts. Dropwizard's other hundred metrics are
 * left out; the request filter of {@code http.server} counts requests by route.
 */
final class DropwizardMetrics {

    private static final String THREADS = "org.eclipse.jetty.util.thread.QueuedThreadPool.dw.";
    private static final String LOGGED = "ch.qos.logback.core.Appender.";

    private final MetricRegistry dropwizard;
    private final PrometheusRegistry registry;

    private DropwizardMetrics(MetricRegistry dropwizard, PrometheusRegistry registry) {
        this.dropwizard = dropwizard;
        this.registry = registry;
    }

    static void register(MetricRegistry dropwizard, PrometheusRegistry registry) {
        DropwizardMetrics both = new DropwizardMetrics(dropwizard, registry);
        both.gauge("tidemark_http_threads", "Number of threads that serve both ports.", "size");
        both.gauge(
                "tidemark_http_threads_busy_ratio",
                "Share of these threads that is busy, from 0 to" + " 1.",
                "utilization");
        both.gauge("tidemark_http_queued_jobs", "Number of jobs, mostly requests, that wait for a thread.", "jobs");
        both.counter("tidemark_log_errors", "Lines logged at level ERROR.", "error");
        both.counter("tidemark_log_warnings", "Lines logged at level WARN.", "warn");
    }

    /** Jetty registers its metrics only when its server runs. */
    private void gauge(String name, String help, String theirs) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .callback(series -> {
                    if (dropwizard.getMetrics().get(THREADS + theirs) instanceof Gauge<?> gauge
                            && gauge.getValue() instanceof Number value) {
                        series.call(value.doubleValue());
                    }
                })
                .register(registry);
    }

    private void counter(String name, String help, String theirs) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .callback(series ->
                        series.call((double) dropwizard.meter(LOGGED + theirs).getCount()))
                .register(registry);
    }
}
