// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.history;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.tidemark.relay.metrics.MetricsSnapshot;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ring of samples. Any thread reads it; its own thread writes it. */
public final class History implements AutoCloseable {

    /** Maximum age of a sample. */
    public static final int MOST_MINUTES = 60;

    static final int PERIOD_SECONDS = 5;

    private static final int MOST_SAMPLES = MOST_MINUTES * 60 / PERIOD_SECONDS;
    /** Fifty projections for an hour, which is about 5 MB. With more projections, the time is shorter. */
    private static final int MOST_OF_PROJECTIONS = 50 * MOST_SAMPLES;

    private static final Logger LOG = LoggerFactory.getLogger(History.class);

    private final Supplier<MetricsSnapshot> metrics;
    private final PrometheusRegistry registry;
    private final LongSupplier clockMillis;
    private final Deque<HistorySample> samples = new ArrayDeque<>();
    /** Number of values that the samples hold for projections; under the lock of the samples. */
    private int ofProjections;

    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread history = new Thread(task, "history");
        history.setDaemon(true);
        return history;
    });

    /** @param metrics returns the current values; never waits */
    public History(Supplier<MetricsSnapshot> metrics, PrometheusRegistry registry) {
        this(metrics, registry, System::currentTimeMillis);
    }

    History(Supplier<MetricsSnapshot> metrics, PrometheusRegistry registry, LongSupplier clockMillis) {
        this.metrics = metrics;
        this.registry = registry;
        this.clockMillis = clockMillis;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // it logs its failures, and ends with the thread
    public void start() {
        thread.scheduleAtFixedRate(this::sampleOrLog, 1, PERIOD_SECONDS, TimeUnit.SECONDS);
    }

    private void sampleOrLog() {
        try {
            sample();
        } catch (RuntimeException e) { // a bug: log the stack trace
            LOG.error("event=history-failed", e);
        }
    }

    void sample() {
        WaitCounts counts = WaitCounts.read(registry);
        HistorySample sample = HistorySample.of(clockMillis.getAsLong(), metrics.get(), counts.events(), counts);
        synchronized (samples) {
            samples.addLast(sample);
            ofProjections += sample.projections().size();
            while (samples.size() > MOST_SAMPLES || ofProjections > MOST_OF_PROJECTIONS) {
                ofProjections -= samples.removeFirst().projections().size();
            }
        }
    }

    /** The samples of the last minutes, oldest first. */
    List<HistorySample> last(int minutes) {
        long since = clockMillis.getAsLong() - TimeUnit.MINUTES.toMillis(minutes);
        synchronized (samples) {
            return samples.stream().filter(sample -> sample.atMillis() >= since).toList();
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
