// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.group.GroupState;
import io.tidemark.relay.group.PartitionNeed;
import java.util.List;
import java.util.OptionalDouble;

/**
 * The standing of a projection.
 *
 * @param watermark everything at or below it is consumed
 * @param behind partitions that have not reached {@code published} yet
 * @param lagRecords difference between needed and committed offsets, over all partitions of the projection; the maximum
 *     number of events still to consume, because transaction markers take offsets too, and Kafka does not report how
 *     many
 * @param lagSeconds seconds since the oldest event still to consume was published; 0 if there is none, empty if that is
 *     no longer known
 * @param state of its group
 * @param stateSeconds how long the group has been in this state, as far as this replica has seen
 * @param members of its group; -1 if not known
 * @param reason why the group is in this state; empty if running or lagging
 * @param code the case of the state, for programs
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
        String reason,
        String code) {

    /** Bytes of WAL between the watermark and what is published. */
    public long lagBytes() {
        return published.value() - watermark.value();
    }
}
