// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.history;

import io.tidemark.relay.metrics.MetricsSnapshot;
import io.tidemark.relay.source.SlotState;
import io.tidemark.relay.source.SourceStatus;
import io.tidemark.relay.watermark.ProjectionStanding;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * What the metrics held at one moment. A value that was unknown is empty, not zero.
 *
 * @param walHead byte address of the end of the WAL
 * @param published byte address up to which everything is in Kafka
 * @param events events that this process has published so far
 * @param waiting requests that wait
 */
record HistorySample(
        long atMillis,
        String state,
        OptionalLong walHead,
        OptionalLong published,
        OptionalLong retainedBytes,
        OptionalLong safeBytes,
        OptionalDouble captureLagSeconds,
        OptionalDouble publishLagSeconds,
        double events,
        int waiting,
        Map<String, Projection> projections,
        WaitCounts waits) {

    /** One projection at that moment. */
    record Projection(String state, OptionalLong lagRecords, OptionalDouble lagSeconds, OptionalInt members) {

        static Projection of(ProjectionStanding standing) {
            boolean isKnown = standing.code().startsWith("group-");
            return new Projection(
                    standing.state().word(),
                    isKnown ? OptionalLong.of(standing.lagRecords()) : OptionalLong.empty(),
                    isKnown ? standing.lagSeconds() : OptionalDouble.empty(),
                    standing.members() < 0 ? OptionalInt.empty() : OptionalInt.of(standing.members()));
        }
    }

    HistorySample {
        projections = Collections.unmodifiableMap(new TreeMap<>(projections));
    }

    static HistorySample of(long atMillis, MetricsSnapshot now, double events, WaitCounts waits) {
        Optional<SlotState> slot = now.source().flatMap(SourceStatus::slot);
        Map<String, Projection> projections = new TreeMap<>();
        now.projections()
                .forEach(standing -> projections.put(standing.projection().name(), Projection.of(standing)));
        long published = now.published().value();
        return new HistorySample(
                atMillis,
                now.phase().name().toLowerCase(Locale.ROOT),
                now.source()
                        .map(source -> OptionalLong.of(source.walHead().value()))
                        .orElse(OptionalLong.empty()),
                published == 0 ? OptionalLong.empty() : OptionalLong.of(published),
                slot.map(SlotState::retainedBytes).orElse(OptionalLong.empty()),
                slot.map(SlotState::safeBytes).orElse(OptionalLong.empty()),
                now.captureLagSeconds(),
                now.publishLagSeconds(),
                events,
                now.waiting(),
                projections,
                waits);
    }
}
