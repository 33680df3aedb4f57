// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.runner;

import io.tidemark.consumers.RunnerSnapshot;
import io.tidemark.consumers.internal.partition.PartitionWork;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;

/** The state of a session's partitions, without asking Kafka. Polling thread only. */
final class SessionView {

    private final Consumer<byte[], byte[]> consumer;
    private final Map<TopicPartition, PartitionWork> works;

    /** @param works the session's own map */
    SessionView(Consumer<byte[], byte[]> consumer, Map<TopicPartition, PartitionWork> works) {
        this.consumer = consumer;
        this.works = works;
    }

    List<RunnerSnapshot.Partition> partitions() {
        return works.entrySet().stream()
                .map(entry -> new RunnerSnapshot.Partition(
                        entry.getKey().topic(),
                        entry.getKey().partition(),
                        entry.getValue().state(),
                        entry.getValue().reason(),
                        entry.getValue().nextOffset(),
                        lag(entry.getKey(), entry.getValue())))
                .toList();
    }

    /** Counts from the next offset to apply, not from the next one to fetch. */
    OptionalLong lag(TopicPartition partition, PartitionWork work) {
        OptionalLong next = work.nextOffset();
        OptionalLong unfetched = next.isPresent() && consumer.assignment().contains(partition)
                ? consumer.currentLag(partition)
                : OptionalLong.empty();
        return unfetched.isPresent()
                ? OptionalLong.of(unfetched.getAsLong() + work.backlog().fetchedUpTo() - next.getAsLong())
                : OptionalLong.empty();
    }
}
