// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.metrics;

import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.index.IndexFollower;
import io.tidemark.relay.index.PublishedIndex;
import io.tidemark.relay.source.SlotState;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.source.SourceProbe;
import io.tidemark.relay.source.SourceStatus;
import io.tidemark.relay.watermark.ProjectionStanding;
import io.tidemark.relay.watermark.Watermarks;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Queries Postgres and the consumer groups every few seconds, on its own thread, so that a scrape never waits for them:
 * {@link #read} returns the last values, without those that are too old.
 */
final class Sampler implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Sampler.class);

    static final long PERIOD_MILLIS = 5_000;

    private final RelayState state;
    private final PublishedIndex index;
    private final IndexFollower follower;
    private final Watermarks watermarks;
    private final SourceProbe probe;
    private final Lags lags = new Lags();
    private final Map<String, Timestamped<ProjectionStanding>> standings = new ConcurrentHashMap<>();
    private volatile @Nullable Timestamped<SourceStatus> source;
    private Optional<SourceIdentity> identity = Optional.empty();
    private boolean failing;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(runnable -> {
        Thread metrics = new Thread(runnable, "metrics");
        metrics.setDaemon(true);
        return metrics;
    });

    Sampler(RelayState state, PublishedIndex index, IndexFollower follower, Watermarks watermarks, SourceProbe probe) {
        this.state = state;
        this.index = index;
        this.follower = follower;
        this.watermarks = watermarks;
        this.probe = probe;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // it logs its failures, and ends with the thread
    void start() {
        thread.scheduleWithFixedDelay(this::sample, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void sample() {
        try {
            askGroups();
            askSource();
        } catch (RuntimeException e) {
            LOG.error("event=metrics-failed", e); // a bug: log the stack trace
        }
    }

    /** The answers arrive later, on the watermark thread. */
    @SuppressWarnings("FutureReturnValueIgnored") // the callback cannot fail
    private void askGroups() {
        if (!watermarks.isServing()) {
            standings.clear();
            return;
        }
        long askedNanos = System.nanoTime();
        watermarks
                .reports()
                .standings()
                .forEach((name, asked) -> asked.whenComplete((standing, failure) -> {
                    if (failure == null) {
                        standings.put(name, new Timestamped<>(standing, askedNanos));
                    } else {
                        standings.remove(name);
                    }
                }));
    }

    private void askSource() {
        RelayState.Snapshot now = state.snapshot();
        if (!now.identity().equals(identity)) {
            identity = now.identity();
            lags.clear();
        }
        try {
            SourceStatus sample = probe.look();
            long nanos = System.nanoTime();
            lags.see(sample.walHead(), inputs(state.snapshot(), sample), nanos);
            source = new Timestamped<>(sample, nanos);
            failing = false;
        } catch (SourceNotReady | SQLException e) {
            source = null;
            if (!failing) {
                LOG.warn("event=source-not-sampled effect=\"no metrics of the slot\" error=\"{}\"", e.getMessage());
            }
            failing = true;
        }
    }

    private Lags.Inputs inputs(RelayState.Snapshot now, SourceStatus sample) {
        return new Lags.Inputs(
                now.phase(),
                sample.slot().map(SlotState::isActive).orElse(false),
                now.received(),
                now.captured(),
                index.published());
    }

    /** The current values. On any thread; never waits. */
    MetricsSnapshot read() {
        long nowNanos = System.nanoTime();
        Optional<SourceStatus> sample = Optional.ofNullable(source).flatMap(seen -> seen.ifFresh(nowNanos));
        RelayState.Snapshot now = state.snapshot();
        Optional<Lags.Inputs> inputs = sample.map(recent -> inputs(now, recent));
        return new MetricsSnapshot(
                now.phase(),
                now.phase() == RelayState.Phase.RUNNING ? Optional.of(now.captured()) : Optional.empty(),
                index.published(),
                sample,
                inputs.map(last -> lags.captureSeconds(last, nowNanos)).orElse(OptionalDouble.empty()),
                inputs.map(last -> lags.publishSeconds(last, nowNanos)).orElse(OptionalDouble.empty()),
                fresh(nowNanos),
                watermarks.waiting(),
                watermarks.isServing(),
                follower.viewAgeSeconds(),
                index.pairs(),
                now.phase() == RelayState.Phase.RUNNING ? Optional.of(now.audit()) : Optional.empty());
    }

    private List<ProjectionStanding> fresh(long nowNanos) {
        return watermarks.names().stream()
                .map(standings::get)
                .flatMap(seen -> Stream.ofNullable(seen))
                .flatMap(seen -> seen.ifFresh(nowNanos).stream())
                .toList();
    }

    @Override
    public void close() {
        thread.shutdownNow();
        try {
            probe.close();
        } catch (SQLException e) {
            LOG.debug("event=metrics-disconnect-failed error=\"{}\"", e.getMessage());
        }
    }
}
