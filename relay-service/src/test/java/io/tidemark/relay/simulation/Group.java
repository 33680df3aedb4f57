// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.simulation;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.TopicPartition;

/** A consumer group that reads committed records in order, applies them, and commits offsets from time to time. */
final class Group {

    private final Broker broker;
    private final long[] next = new long[Wal.PARTITIONS];
    private final long[] appliedUpTo = new long[Wal.PARTITIONS];
    private final Map<TopicPartition, Long> committed = new HashMap<>();

    Group(Broker broker) {
        this.broker = broker;
    }

    static TopicPartition partition(int number) {
        return new TopicPartition("order", number);
    }

    /** Reads the next record of a partition, if one is readable. */
    void consume(int partition) {
        List<Broker.Entry> log = broker.log(partition);
        while (next[partition] < log.size()) {
            Broker.Entry entry = log.get((int) next[partition]);
            if (entry.txn().open) {
                return; // the last stable offset
            }
            next[partition]++;
            if (!entry.isMarker() && entry.txn().committed) {
                appliedUpTo[partition] = next[partition];
                return;
            }
        }
    }

    /** Commits what it has applied. Some clients count the markers after it, others do not. */
    void commit(int partition, Random random) {
        long offset = random.nextBoolean() ? appliedUpTo[partition] : next[partition];
        if (offset > 0) {
            committed.merge(partition(partition), offset, Math::max);
        }
    }

    /** The offsets of a client that does not count markers. */
    Map<TopicPartition, Long> applied() {
        Map<TopicPartition, Long> applied = new HashMap<>();
        for (int partition = 0; partition < Wal.PARTITIONS; partition++) {
            if (appliedUpTo[partition] > 0) {
                applied.put(partition(partition), appliedUpTo[partition]);
            }
        }
        return applied;
    }

    Map<TopicPartition, Long> committed() {
        return committed;
    }

    /** Whether the record at this offset was applied, and the group has committed it. */
    boolean hasCommitted(int partition, long offset) {
        return offset < appliedUpTo[partition] && offset < committed.getOrDefault(partition(partition), 0L);
    }
}
