// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The state of a runner as of its last turn, for metrics, health checks and people. Immutable.
 *
 * @param projection its name
 * @param generation the generation that it applies events to
 * @param role what that generation is for
 * @param isRunning false once the runner is closed, replaced, or has failed permanently
 * @param reason why the runner as a whole makes no progress (Kafka, the database, a bug, a newer generation); empty when
 *     it makes progress
 * @param rebuild progress of a generation that is built; empty for any other
 * @param partitions those assigned to this runner
 * @param applied events applied and committed since the start
 * @param retried failed attempts since the start, including batches that were split
 * @param deadLettered dead letters sent since the start
 */
public record RunnerSnapshot(
        String projection,
        int generation,
        Role role,
        boolean isRunning,
        String reason,
        Optional<Rebuild> rebuild,
        List<Partition> partitions,
        long applied,
        long retried,
        long deadLettered) {

    /** What a generation is for. */
    public enum Role {
        /** The role is not known yet. */
        UNKNOWN,
        /** An older one is read; this one is built, and will replace it. */
        BUILDING,
        /** The one that readers read. */
        READ,
        /** A newer one is read; this one is not written any more. */
        REPLACED
    }

    /**
     * The progress of a generation that is built, over all partitions and members. It is read once all partitions have
     * caught up and none is behind.
     *
     * @param replaces the generation that is read meanwhile
     * @param partitions number of partitions to build
     * @param caughtUp number of partitions that have reached their topic's end, to within one batch
     * @param behind number of offsets that the generation that is read has applied and this one has not
     */
    public record Rebuild(int replaces, int partitions, int caughtUp, long behind) {}

    /** The state of a partition. */
    public enum State {
        /** Its progress is being read, or cannot be read; {@code reason} says why. */
        CLAIMING,
        /** Events are applied as they arrive. */
        APPLYING,
        /** An event has failed and will be tried again after a delay. */
        RETRYING,
        /** Stopped until {@link ProjectionRunner#resume} or a restart. */
        STOPPED
    }

    /**
     * One assigned partition.
     *
     * @param topic its topic
     * @param partition from 0
     * @param state its state
     * @param reason why it makes no progress; empty when it makes progress
     * @param nextOffset the first offset that is not applied yet; empty while unknown
     * @param lagRecords number of offsets behind the end of what is readable; empty while unknown. Transaction markers
     *     count, so it need not become 0
     */
    public record Partition(
            String topic,
            int partition,
            State state,
            String reason,
            OptionalLong nextOffset,
            OptionalLong lagRecords) {}

    public RunnerSnapshot {
        partitions = List.copyOf(partitions);
    }

    /**
     * Number of offsets that all partitions of this runner are behind. Empty when one of them has an unknown lag (it has
     * stopped, or is not claimed), or when there is a {@code reason}: no figure is better than one that is too low.
     */
    public OptionalLong lagRecords() {
        if (!reason.isEmpty()
                || partitions.stream()
                        .anyMatch(partition -> partition.lagRecords().isEmpty())) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(partitions.stream()
                .mapToLong(partition -> partition.lagRecords().orElseThrow())
                .sum());
    }

    /** Number of partitions that have stopped. */
    public long stoppedPartitions() {
        return partitions.stream()
                .filter(partition -> partition.state() == State.STOPPED)
                .count();
    }
}
