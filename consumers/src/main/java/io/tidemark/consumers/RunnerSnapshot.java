package io.tidemark.consumers;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a runner is doing, as of its last turn; for metrics, health checks and people.
 *
 * @param projection its name
 * @param generation which one it applies to
 * @param role what that generation is for
 * @param isRunning false once it is closed, replaced, or has failed for good
 * @param reason why it does not get on as a whole (Kafka, the database, a bug, a newer generation); empty when all is well
 * @param rebuild how far it has come, while it is built
 * @param partitions those assigned to this runner
 * @param applied events applied and committed since the start
 * @param retried failed attempts since the start, batches that were split included
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
        /** The database has not told yet. */
        UNKNOWN,
        /** An older one is read; this one is built, and will take its place. */
        BUILDING,
        /** It is what readers read. */
        READ,
        /** A newer one is read; this one is not written any more. */
        REPLACED
    }

    /**
     * How far a generation that is built has come, over all partitions, whoever works on them. It is read once all have
     * caught up and it is behind in none.
     *
     * @param replaces the generation that is read meanwhile
     * @param caughtUp partitions that have come within a batch of their topic's end
     * @param behind how many offsets the generation that is read has applied and this one has not
     */
    public record Rebuild(int replaces, int partitions, int caughtUp, long behind) {}

    /** What happens in a partition. */
    public enum State {
        /** Its progress is being read, or cannot be; {@code reason} says why. */
        CLAIMING,
        /** Events are applied as they come. */
        APPLYING,
        /** An event has failed and is tried again after a while. */
        RETRYING,
        /** It stands still until {@link ProjectionRunner#resume} or a restart. */
        STOPPED
    }

    /**
     * One assigned partition.
     *
     * @param reason why it does not get on; empty when it does
     * @param nextOffset the first offset that is not applied yet; empty while that is not known
     * @param lagRecords how many offsets behind the end of what is readable; empty while that is not known. Transaction
     *     markers count, so it need not become 0
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
     * How many offsets all partitions of this runner are behind. Empty when that is not known of each of them, for one of
     * them has stopped or is not claimed, or when there is a {@code reason}: no figure is better than one that is too low.
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

    /** Partitions that stand still. */
    public long stoppedPartitions() {
        return partitions.stream()
                .filter(partition -> partition.state() == State.STOPPED)
                .count();
    }
}
