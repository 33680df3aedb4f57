// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.metrics;

import com.codahale.metrics.MetricRegistry;
import io.prometheus.metrics.exporter.servlet.jakarta.PrometheusMetricsServlet;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.index.IndexFollower;
import io.tidemark.relay.index.PublishedIndex;
import io.tidemark.relay.source.SourceProbe;
import io.tidemark.relay.watermark.Watermarks;
import jakarta.servlet.http.HttpServlet;

/** All metrics of one relay. Created with the relay; {@link #start} begins to query servers. Safe on any thread. */
public final class Metrics implements AutoCloseable {

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final RelayCounters counters = new RelayCounters(registry);
    private final Sampler sampler;

    public Metrics(
            RelayState state, PublishedIndex index, IndexFollower follower, Watermarks watermarks, SourceProbe probe) {
        this.sampler = new Sampler(state, index, follower, watermarks, probe);
        registry.register(new SnapshotGauges(sampler::read, version()));
    }

    private static String version() {
        String version = Metrics.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /** The counters that runs increment. */
    public RelayCounters counters() {
        return counters;
    }

    /** The registry of all metrics. */
    public PrometheusRegistry registry() {
        return registry;
    }

    /** The current values; never waits. Those of servers are missing until {@link #start}. */
    public MetricsSnapshot snapshot() {
        return sampler.read();
    }

    /** Adds the metrics of the process: those of the JVM, and some of Dropwizard's. */
    public void addProcess(MetricRegistry dropwizard) {
        JvmMetrics.builder().register(registry);
        DropwizardMetrics.register(dropwizard, registry);
    }

    /** Answers a scrape from memory. */
    public HttpServlet servlet() {
        return new PrometheusMetricsServlet(registry);
    }

    /** Starts to query Postgres and the consumer groups. */
    public void start() {
        sampler.start();
    }

    @Override
    public void close() {
        sampler.close();
    }
}
