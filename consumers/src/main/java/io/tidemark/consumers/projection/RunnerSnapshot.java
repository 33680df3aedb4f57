package io.tidemark.consumers.projection;

import java.util.List;
import java.util.OptionalLong;

/**
 * What a runner is doing, as of its last turn; for metrics, health checks and people.
 *
 * @param projection its name
 * @param isRunning false once it is closed or has failed for good
 * @param reason why it does not get on as a whole (Kafka, a bug); empty when all is well
 * @param partitions those assigned to this runner
 * @param applied events applied and committed since the start
 * @param retried failed attempts since the start, batches that were split included
 * @param deadLettered events put aside since the start
 */
public record RunnerSnapshot(
        String projection,
        boolean isRunning,
        String reason,
        List<Partition> partitions,
        long applied,
        long retried,
        long deadLettered) {

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

    /** Partitions that stand still. */
    public long stoppedPartitions() {
        return partitions.stream()
                .filter(partition -> partition.state() == State.STOPPED)
                .count();
    }
}
