// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.metrics;

import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Builder of a gauge for one scrape. Without a value it has no series. */
final class Gauge {

    private final GaugeSnapshot.Builder snapshot;

    /** @param name ends with its unit, if it has one */
    Gauge(String name, String help) {
        snapshot = GaugeSnapshot.builder().name(name).help(help);
    }

    /** @param labels names and values, alternating */
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
