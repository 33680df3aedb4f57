// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.group.GroupState;
import io.tidemark.relay.group.PartitionNeed;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Where a projection stands.
 *
 * @param watermark everything at or below it is consumed
 * @param behind partitions that have yet to come up to {@code published}
 * @param lagRecords offsets between what it has and what it needs, over all of its partitions: at most so many events,
 *     because transaction markers take offsets too, and how many nobody tells
 * @param lagSeconds how long ago the oldest of what it has yet to consume was published; 0 when there is none,
 *     empty when it is not known any more
 * @param state of its group
 * @param stateSeconds for how long it has been so, as far as this replica has seen
 * @param members of its group; -1 while not known
 * @param reason why the state is what it is; empty when running or lagging
 */
public record ProjectionStanding(
        ProjectionConfig projection,
        Lsn watermark,
        Lsn published,
        List<PartitionNeed> behind,
        long lagRecords,
        OptionalDouble lagSeconds,
        GroupState state,
        long stateSeconds,
        int members,
        String reason) {

    /** Bytes of WAL between its watermark and what is published. */
    public long lagBytes() {
        return published.value() - watermark.value();
    }
}
