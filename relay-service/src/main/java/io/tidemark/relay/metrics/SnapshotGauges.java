// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.metrics;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.account.AuditStanding;
import io.tidemark.relay.group.GroupState;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.source.SlotState;
import io.tidemark.relay.source.SourceStatus;
import io.tidemark.relay.watermark.ProjectionStanding;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/** Shows a snapshot as gauges. All gauges of one scrape come from the same snapshot. On the admin port's threads. */
final class SnapshotGauges implements MultiCollector {

    private static final List<String> SLOT_STATUSES = List.of("reserved", "extended", "unreserved", "lost", "missing");

    private final Supplier<MetricsSnapshot> readings;
    private final InfoSnapshot build;

    /** @param readings returns the current snapshot; never waits */
    SnapshotGauges(Supplier<MetricsSnapshot> readings, String version) {
        this.readings = readings;
        this.build = InfoSnapshot.builder()
                .name("tidemark_build") // exposed with the suffix _info
                .help("Always 1; the label has the version of this replica.")
                .dataPoint(InfoDataPointSnapshot.builder()
                        .labels(Labels.of("version", version))
                        .build())
                .build();
    }

    @Override
    public MetricSnapshots collect() {
        MetricsSnapshot snapshot = readings.get();
        Stream<MetricSnapshot> gauges = Stream.of(
                        ofReplica(snapshot),
                        ofSource(snapshot),
                        ofLags(snapshot),
                        ofAudit(snapshot),
                        ofProjections(snapshot.projections()))
                .flatMap(List::stream)
                .map(Gauge::snapshot);
        return new MetricSnapshots(Stream.concat(Stream.of(build), gauges).toList());
    }

    private static List<Gauge> ofReplica(MetricsSnapshot snapshot) {
        Gauge role = new Gauge("tidemark_role", "1 for the current role of this replica, 0 for every other role.");
        for (RelayState.Phase phase : RelayState.Phase.values()) {
            role.add(snapshot.phase() == phase ? 1 : 0, "role", roleOf(phase));
        }
        return List.of(
                role,
                new Gauge(
                                "tidemark_watermarks_serving",
                                "1 if this replica can answer watermark requests, 0 if it does not know the"
                                        + " watermarks.")
                        .add(snapshot.isServing() ? 1 : 0),
                new Gauge(
                                "tidemark_view_age_seconds",
                                "Seconds since this replica last knew everything that is published. While this grows,"
                                        + " it does not answer watermark requests.")
                        .add(snapshot.viewAgeSeconds()),
                new Gauge(
                                "tidemark_index_pairs",
                                "Number of (LSN, offset) pairs in the index. The index has a maximum" + " size.")
                        .add(snapshot.indexPairs()),
                new Gauge("tidemark_waiting_requests", "Number of requests that are waiting for a watermark now.")
                        .add(snapshot.waiting()));
    }

    /** The name of the phase, or {@code active} for the phase that publishes. */
    private static String roleOf(RelayState.Phase phase) {
        return phase == RelayState.Phase.RUNNING ? "active" : phase.name().toLowerCase(Locale.ROOT);
    }

    private static List<Gauge> ofSource(MetricsSnapshot snapshot) {
        Gauge up = new Gauge("tidemark_source_up", "1 if Postgres answered the last query, 0 if not.")
                .add(snapshot.source().isPresent() ? 1 : 0);
        Optional<SlotState> slot = snapshot.source().flatMap(SourceStatus::slot);
        Gauge position = new Gauge(
                "tidemark_wal_position_bytes",
                "LSN of each stage, as a byte address: the end of the WAL (head), and the WAL captured (by the active"
                        + " replica), published and confirmed to the slot so far. Differences are bytes of WAL.");
        snapshot.source().ifPresent(source -> position.add(bytes(source.walHead()), "stage", "head"));
        snapshot.captured().ifPresent(captured -> position.add(bytes(captured), "stage", "captured"));
        if (!snapshot.published().equals(Lsn.ZERO)) {
            position.add(bytes(snapshot.published()), "stage", "published");
        }
        slot.ifPresent(known -> position.add(bytes(known.confirmed()), "stage", "confirmed"));
        Gauge status = new Gauge(
                "tidemark_slot_status",
                "1 for the current state of the replication slot"
                        + " (pg_replication_slots.wal_status), 0 for the others.");
        if (snapshot.source().isPresent()) {
            String now = slot.map(SlotState::walStatus).orElse("missing");
            SLOT_STATUSES.forEach(name -> status.add(name.equals(now) ? 1 : 0, "status", name));
        }
        Gauge active = new Gauge("tidemark_slot_active", "1 if a replication connection uses the slot, 0 if not.");
        slot.ifPresent(known -> active.add(known.isActive() ? 1 : 0));
        return List.of(
                up,
                position,
                status,
                active,
                new Gauge("tidemark_slot_retained_bytes", "Bytes of WAL that Postgres keeps because of the slot.")
                        .add(slot.map(SlotState::retainedBytes).orElse(OptionalLong.empty())),
                new Gauge("tidemark_slot_unconfirmed_bytes", "Bytes of WAL after the LSN confirmed to the slot.")
                        .add(snapshot.source()
                                .map(SourceStatus::unconfirmedBytes)
                                .orElse(OptionalLong.empty())),
                new Gauge(
                                "tidemark_slot_safe_bytes",
                                "Bytes of WAL that can still be written before the slot is in danger of being lost"
                                        + " (pg_replication_slots.safe_wal_size). No series unless"
                                        + " max_slot_wal_keep_size is set.")
                        .add(slot.map(SlotState::safeBytes).orElse(OptionalLong.empty())));
    }

    private static List<Gauge> ofAudit(MetricsSnapshot snapshot) {
        Gauge days = new Gauge(
                "tidemark_audit_unaccounted_partitions",
                "Number of day partitions of outbox.event that stay past retention, because not all of their rows are"
                        + " accounted for. tidemark audit lists the rows. No series on a replica that does not publish.");
        Gauge rows = new Gauge(
                "tidemark_audit_unaccounted_rows",
                "Rows of these partitions minus the rows accounted for. 0 if the numbers are equal but the rows differ. No"
                        + " series on a replica that does not publish.");
        snapshot.audit().ifPresent(audit -> {
            days.add((double) audit.unaccounted().size());
            rows.add((double) audit.unaccounted().stream()
                    .mapToLong(AuditStanding.Unaccounted::rows)
                    .sum());
        });
        return List.of(days, rows);
    }

    private static double bytes(Lsn lsn) {
        long value = lsn.value();
        return value >= 0 ? value : value + 0x1p64;
    }

    private static List<Gauge> ofLags(MetricsSnapshot snapshot) {
        return List.of(
                new Gauge(
                                "tidemark_capture_lag_seconds",
                                "Age in seconds of the oldest WAL position that the replication stream has not reached"
                                        + " yet."
                                        + " 0 when caught up, also on an idle database. No series on a replica that"
                                        + " does not stream.")
                        .add(snapshot.captureLagSeconds()),
                new Gauge(
                                "tidemark_publish_lag_seconds",
                                "Age in seconds of the oldest WAL position up to which not everything is published yet."
                                        + " 0 when everything is published, also on an idle database. No series while"
                                        + " another replica streams or the database does not answer.")
                        .add(snapshot.publishLagSeconds()));
    }

    private static List<Gauge> ofProjections(List<ProjectionStanding> projections) {
        Gauge state = new Gauge(
                "tidemark_projection_state",
                "1 for the current state of the projection's consumer" + " group, 0 for every other state.");
        for (ProjectionStanding standing : projections) {
            for (GroupState each : GroupState.values()) {
                state.add(
                        standing.state() == each ? 1 : 0,
                        "projection",
                        standing.projection().name(),
                        "state",
                        each.word());
            }
        }
        List<ProjectionStanding> known = projections.stream()
                .filter(standing -> standing.state() != GroupState.UNKNOWN)
                .toList();
        return List.of(
                state,
                each(
                        "tidemark_projection_lag_seconds",
                        "Seconds since the oldest event that the group has not consumed yet was published. 0 when"
                                + " caught"
                                + " up. No series while this is not known.",
                        known.stream()
                                .filter(standing -> standing.lagSeconds().isPresent())
                                .toList(),
                        standing -> standing.lagSeconds().orElseThrow()),
                each(
                        "tidemark_projection_lag_records",
                        "Number of records that the group has not consumed yet, in all partitions.",
                        known,
                        standing -> (double) standing.lagRecords()),
                each(
                        "tidemark_projection_members",
                        "Number of members of the consumer group.",
                        projections.stream()
                                .filter(standing -> standing.members() >= 0)
                                .toList(),
                        ProjectionStanding::members));
    }

    private static Gauge each(
            String name,
            String help,
            List<ProjectionStanding> projections,
            ToDoubleFunction<ProjectionStanding> value) {
        Gauge gauge = new Gauge(name, help);
        projections.forEach(standing -> gauge.add(
                value.applyAsDouble(standing),
                "projection",
                standing.projection().name()));
        return gauge;
    }
}
