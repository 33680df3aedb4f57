// SPDX-License-Identifier: Apache-2.0
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
 * All values at one scrape. A value that is unknown, or too old, is empty and has no series.
 *
 * @param captured the LSN captured by a current run
 * @param published as this replica knows it, whichever replica is active
 * @param waiting watermark requests in progress, most of them parked
 * @param viewAgeSeconds since this replica last knew everything that is published; empty before the first time
 * @param audit the findings of the cleanup, on an active replica
 * @param indexPairs number of (LSN, offset) pairs in the index
 */
public record MetricsSnapshot(
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

    public MetricsSnapshot {
        projections = List.copyOf(projections);
    }
}
