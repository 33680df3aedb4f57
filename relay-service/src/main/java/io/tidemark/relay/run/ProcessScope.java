// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.run;

import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.index.IndexFollower;
import io.tidemark.relay.index.PublishedIndex;
import io.tidemark.relay.metrics.RelayCounters;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.watermark.Watermarks;

/**
 * The parts that live as long as the process, and that every run uses.
 *
 * @param id distinguishes this replica's runs from those of others
 * @param owner of the position, for people: process and host
 */
public record ProcessScope(
        RelayConfiguration config,
        SourceDatabase database,
        PublishedIndex index,
        IndexFollower follower,
        RelayState state,
        Watermarks watermarks,
        RelayCounters counters,
        String id,
        String owner) {}
