package io.tidemark.relay.metrics;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.account.AuditStanding;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.source.SourceStatus;
import io.tidemark.relay.watermark.ProjectionStanding;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * All that is known at one scrape. What is not known, or too old to be told, is empty, and has no series.
 *
 * @param captured of a run that is under way
 * @param published as this replica knows it, whoever is active
 * @param waiting requests for watermarks that are being dealt with, most of them parked
 * @param viewAgeSeconds since this replica last knew all that is published; empty before it first did
 * @param audit what the cleanup of an active replica has found
 * @param indexPairs of LSN and offset that are kept
 */
record MetricsSnapshot(
        RelayState.Phase phase,
        Optional<Lsn> captured,
        Lsn published,
        Optional<SourceStatus> source,
        OptionalDouble captureLagSeconds,
        OptionalDouble publishLagSeconds,
        List<ProjectionStanding> projections,
        int waiting,
        boolean isServing,
        OptionalDouble viewAgeSeconds,
        int indexPairs,
        Optional<AuditStanding> audit) {

    MetricsSnapshot {
        projections = List.copyOf(projections);
    }
}
