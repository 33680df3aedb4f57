// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.index.IndexEntry.Addition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/**
 * The truth with which an index is compared: every event with its partition, commit LSN and offset, in a plain list.
 */
final class KafkaLog {

    record Event(TopicPartition partition, Lsn commitLsn, long offset) {}

    private final List<TopicPartition> partitions;
    private final Random random;
    private final List<Event> events = new ArrayList<>();
    private final Map<TopicPartition, Long> nextOffsets = new HashMap<>();
    private final Map<TopicPartition, Long> recordEnds = new HashMap<>();

    KafkaLog(List<TopicPartition> partitions, Random random) {
        this.partitions = partitions;
        this.random = random;
        partitions.forEach(partition -> recordEnds.put(partition, 0L));
    }

    /**
     * One Kafka transaction, with an event in a random partition for each of these commit LSNs.
     *
     * @return what it added, by partition
     */
    Map<TopicPartition, Addition> commit(List<Lsn> commitLsns) {
        Map<TopicPartition, Addition> additions = new HashMap<>();
        for (Lsn commitLsn : commitLsns) {
            TopicPartition partition = partitions.get(random.nextInt(partitions.size()));
            long offset = nextOffsets.getOrDefault(partition, 0L);
            events.add(new Event(partition, commitLsn, offset));
            nextOffsets.put(partition, offset + 1);
            recordEnds.put(partition, offset + 1);
            additions.merge(
                    partition,
                    new Addition(commitLsn, offset + 1),
                    (earlier, later) -> new Addition(earlier.firstLsn(), later.endOffset()));
        }
        additions.keySet().forEach(partition -> nextOffsets.merge(partition, 1L, Long::sum)); // the commit marker
        return additions;
    }

    int size() {
        return events.size();
    }

    /** The offset after the last record of each partition. */
    Map<TopicPartition, Long> recordEnds() {
        return Map.copyOf(recordEnds);
    }

    /** Offsets that a group may have committed, anywhere in each partition; some partitions have none. */
    Map<TopicPartition, Long> anyCommittedOffsets() {
        boolean nearlyThere = random.nextBoolean();
        Map<TopicPartition, Long> committed = new HashMap<>();
        for (TopicPartition partition : partitions) {
            long end = recordEnds.getOrDefault(partition, 0L);
            long behind = nearlyThere ? random.nextInt(4) : random.nextLong(end + 1);
            if (end - behind > 0) {
                committed.put(partition, end - behind);
            }
        }
        return committed;
    }

    /** 1 + the highest offset in the partition of an event committed at or below {@code lsn}; 0 if there is none. */
    long need(TopicPartition partition, Lsn lsn) {
        return events.stream()
                .filter(event -> event.partition().equals(partition) && lsn.isAtLeast(event.commitLsn()))
                .mapToLong(event -> event.offset() + 1)
                .max()
                .orElse(0);
    }

    boolean isConsumed(Set<String> topics, Map<TopicPartition, Long> committed, Lsn upTo) {
        return events.stream()
                .filter(event -> topics.contains(event.partition().topic()) && upTo.isAtLeast(event.commitLsn()))
                .allMatch(event -> event.offset() < committed.getOrDefault(event.partition(), 0L));
    }
}
