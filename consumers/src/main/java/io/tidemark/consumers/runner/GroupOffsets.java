package io.tidemark.consumers.runner;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The group's offsets in Kafka, told after the database: the watermark endpoint reads them. They decide nothing here, so
 * one that is not committed is only told later. Polling thread only.
 */
final class GroupOffsets {

    private static final Logger LOG = LoggerFactory.getLogger(GroupOffsets.class);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final Duration SYNC_TIMEOUT = Duration.ofSeconds(5);

    private final Consumer<byte[], byte[]> consumer;
    private final String note;
    private final Map<TopicPartition, OffsetAndMetadata> latest = new HashMap<>();
    private final Set<TopicPartition> untold = new HashSet<>();
    private boolean isPaused;
    private long pausedUntilNanos;

    /** @param note committed with every offset, for the relay to read; may be empty */
    GroupOffsets(Consumer<byte[], byte[]> consumer, String note) {
        this.consumer = consumer;
        this.note = note;
    }

    /** The database has committed everything below this offset. */
    void advanceTo(TopicPartition partition, long nextOffset) {
        latest.put(partition, new OffsetAndMetadata(nextOffset, note));
        untold.add(partition);
    }

    /**
     * Sends what is new. Where that fails, what is the latest by then is sent half a second later: not what has failed, and
     * not the highest either, because a person may have set the progress back.
     */
    void tell(long nowNanos) {
        if (untold.isEmpty() || (isPaused && nowNanos - pausedUntilNanos < 0)) {
            return;
        }
        isPaused = false;
        Map<TopicPartition, OffsetAndMetadata> told = take(untold);
        consumer.commitAsync(told, (offsets, failure) -> {
            if (failure != null) {
                LOG.atLevel(failure instanceof RebalanceInProgressException ? Level.DEBUG : Level.WARN)
                        .log("event=offsets-not-committed offsets={} reason=\"{}\"", offsets, failure.toString());
                isPaused = true;
                pausedUntilNanos = System.nanoTime() + PAUSE_NANOS;
                untold.addAll(told.keySet());
                untold.retainAll(latest.keySet()); // others are somebody else's by now
            }
        });
    }

    private Map<TopicPartition, OffsetAndMetadata> take(Collection<TopicPartition> partitions) {
        Map<TopicPartition, OffsetAndMetadata> taken = new HashMap<>(latest);
        taken.keySet().retainAll(untold);
        taken.keySet().retainAll(partitions);
        untold.removeAll(taken.keySet());
        return taken;
    }

    /** Sends what is new of these and waits for it; the next owner tells what fails. */
    void tellNow(Collection<TopicPartition> partitions) {
        Map<TopicPartition, OffsetAndMetadata> told = take(partitions);
        if (told.isEmpty()) {
            return;
        }
        try {
            commit(told);
        } catch (KafkaException e) {
            LOG.warn("event=offsets-not-committed offsets={} reason=\"{}\"", told, e.toString());
        }
    }

    private void commit(Map<TopicPartition, OffsetAndMetadata> told) {
        try {
            consumer.commitSync(told, SYNC_TIMEOUT);
        } catch (WakeupException e) {
            consumer.commitSync(told, SYNC_TIMEOUT); // a worker's, for the poll that has just ended
        }
    }

    void forget(Collection<TopicPartition> partitions) {
        untold.removeAll(partitions);
        latest.keySet().removeAll(partitions);
    }
}
