package io.tidemark.relay.metrics;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.source.SourceSample;
import io.tidemark.relay.watermark.Standing;
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
 * @param indexPairs of LSN and offset that are kept
 */
record Reading(
        RelayState.Phase phase,
        Optional<Lsn> captured,
        Lsn published,
        Optional<SourceSample> source,
        OptionalDouble captureLagSeconds,
        OptionalDouble publishLagSeconds,
        List<Standing> projections,
        int waiting,
        boolean isServing,
        OptionalDouble viewAgeSeconds,
        int indexPairs) {

    Reading {
        projections = List.copyOf(projections);
    }
}
