package io.tidemark.relay.metrics;

import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** A gauge being put together for one scrape; without a value it has no series. */
final class Gauge {

    private final GaugeSnapshot.Builder snapshot;

    /** @param name with its unit, if it has one, at the end */
    Gauge(String name, String help) {
        snapshot = GaugeSnapshot.builder().name(name).help(help);
    }

    /** @param labels names and values in turn */
    Gauge add(double value, String... labels) {
        snapshot.dataPoint(GaugeDataPointSnapshot.builder()
                .value(value)
                .labels(Labels.of(labels))
                .build());
        return this;
    }

    Gauge add(OptionalDouble value) {
        value.ifPresent(known -> add(known));
        return this;
    }

    Gauge add(OptionalLong value) {
        value.ifPresent(known -> add((double) known));
        return this;
    }

    GaugeSnapshot snapshot() {
        return snapshot.build();
    }
}
