// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.runner;

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
 * Commits the group's offsets to Kafka, after the database commit. The watermark endpoint reads them. The runner does
 * not depend on them, so an offset that cannot be committed is committed later. Polling thread only.
 */
final class OffsetCommitter {

    private static final Logger LOG = LoggerFactory.getLogger(OffsetCommitter.class);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final Duration SYNC_TIMEOUT = Duration.ofSeconds(5);

    private final Consumer<byte[], byte[]> consumer;
    private final String note;
    private final Map<TopicPartition, OffsetAndMetadata> latest = new HashMap<>();
    private final Set<TopicPartition> uncommitted = new HashSet<>();
    private boolean isPaused;
    private long pausedUntilNanos;

    /** @param note committed with every offset, for the relay to read; may be empty */
    OffsetCommitter(Consumer<byte[], byte[]> consumer, String note) {
        this.consumer = consumer;
        this.note = note;
    }

    /** The database has committed everything below this offset. */
    void advanceTo(TopicPartition partition, long nextOffset) {
        latest.put(partition, new OffsetAndMetadata(nextOffset, note));
        uncommitted.add(partition);
    }

    /**
     * Sends the new offsets and returns immediately. After a failure it sends the latest offsets half a second later:
     * not those that failed, and not the highest, because a person may have set the progress back.
     */
    void commitNew(long nowNanos) {
        if (uncommitted.isEmpty() || (isPaused && nowNanos - pausedUntilNanos < 0)) {
            return;
        }
        isPaused = false;
        Map<TopicPartition, OffsetAndMetadata> sent = take(uncommitted);
        consumer.commitAsync(sent, (offsets, failure) -> {
            if (failure != null) {
                LOG.atLevel(failure instanceof RebalanceInProgressException ? Level.DEBUG : Level.WARN)
                        .log("event=offsets-not-committed offsets={} reason=\"{}\"", offsets, failure.toString());
                isPaused = true;
                pausedUntilNanos = System.nanoTime() + PAUSE_NANOS;
                uncommitted.addAll(sent.keySet());
                uncommitted.retainAll(latest.keySet()); // other members own the others by now
            }
        });
    }

    private Map<TopicPartition, OffsetAndMetadata> take(Collection<TopicPartition> partitions) {
        Map<TopicPartition, OffsetAndMetadata> taken = new HashMap<>(latest);
        taken.keySet().retainAll(uncommitted);
        taken.keySet().retainAll(partitions);
        uncommitted.removeAll(taken.keySet());
        return taken;
    }

    /** Sends the new offsets of these partitions and waits; the next owner commits what fails here. */
    void commitNow(Collection<TopicPartition> partitions) {
        Map<TopicPartition, OffsetAndMetadata> sent = take(partitions);
        if (sent.isEmpty()) {
            return;
        }
        try {
            commitWaiting(sent);
        } catch (KafkaException e) {
            LOG.warn("event=offsets-not-committed offsets={} reason=\"{}\"", sent, e.toString());
        }
    }

    private void commitWaiting(Map<TopicPartition, OffsetAndMetadata> sent) {
        try {
            consumer.commitSync(sent, SYNC_TIMEOUT);
        } catch (WakeupException e) {
            consumer.commitSync(sent, SYNC_TIMEOUT); // a worker's wake-up, meant for the poll that has just ended
        }
    }

    void forget(Collection<TopicPartition> partitions) {
        uncommitted.removeAll(partitions);
        latest.keySet().removeAll(partitions);
    }
}
