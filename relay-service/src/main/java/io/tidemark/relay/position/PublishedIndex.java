package io.tidemark.relay.position;

import io.tidemark.outbox.Lsn;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;

/**
 * From LSN to offsets: which offset a consumer must have committed in each partition to have consumed everything up to
 * an LSN. Bounded: old entries are merged, which makes answers later at worst, never wrong. Safe on any thread.
 */
public final class PublishedIndex {

    private final Map<TopicPartition, PartitionIndex> partitions = new HashMap<>();
    private Lsn published = Lsn.ZERO;

    /**
     * What one Kafka transaction added to a partition.
     *
     * @param firstLsn the lowest commit LSN among its events there
     * @param endOffset the offset after the last of them
     */
    public record Addition(Lsn firstLsn, long endOffset) {}

    /** Forgets everything: what follows is about another database, whose LSNs mean something else. */
    public synchronized void clear() {
        partitions.clear();
        published = Lsn.ZERO;
    }

    /**
     * The start of a run. Events published by others, or in a transaction whose outcome was not known, lie above what
     * this index knows as published and below the ends read now.
     *
     * @param recordEnds of every partition of the declared topics, read after {@code publishedUpTo} was
     */
    public synchronized void rebase(Map<TopicPartition, Long> recordEnds, Lsn publishedUpTo) {
        Lsn unknownFrom = new Lsn(published.equals(Lsn.ZERO) ? 0 : published.value() + 1);
        recordEnds.forEach((partition, end) -> {
            if (end > 0) {
                indexOf(partition).add(unknownFrom, end);
            }
        });
        published = Lsn.max(published, publishedUpTo);
    }

    /** A Kafka transaction was committed. Additions first, then the LSN they reach: a reader sees both or neither. */
    public synchronized void advance(Map<TopicPartition, Addition> additions, Lsn publishedUpTo) {
        additions.forEach((partition, addition) -> indexOf(partition).add(addition.firstLsn(), addition.endOffset()));
        published = Lsn.max(published, publishedUpTo);
    }

    private PartitionIndex indexOf(TopicPartition partition) {
        return partitions.computeIfAbsent(partition, p -> new PartitionIndex());
    }

    /** Everything with a commit LSN at or below it is in committed Kafka transactions. */
    public synchronized Lsn published() {
        return published;
    }

    /** The partitions of these topics that hold anything to be consumed; in the others, nothing is needed. */
    public synchronized Set<TopicPartition> partitionsOf(Set<String> topics) {
        return partitions.keySet().stream()
                .filter(partition -> topics.contains(partition.topic()))
                .collect(Collectors.toSet());
    }

    /**
     * The highest LSN up to which a group has consumed everything in these topics: in every partition that holds
     * events of theirs, also one that came into being after {@code committed} was read.
     *
     * @param committed the group's committed offsets; a partition without one counts as 0
     * @return never above {@link #published}
     */
    public synchronized Lsn watermark(Set<String> topics, Map<TopicPartition, Long> committed) {
        Lsn watermark = published;
        for (Map.Entry<TopicPartition, PartitionIndex> entry : partitions.entrySet()) {
            TopicPartition partition = entry.getKey();
            if (topics.contains(partition.topic())) {
                Lsn consumed = entry.getValue().consumedUpTo(committed.getOrDefault(partition, 0L), published);
                watermark = consumed.isAfter(watermark) ? watermark : consumed;
            }
        }
        return watermark;
    }

    /** The offset a group must have committed in the partition to have consumed everything up to {@code lsn}; 0: none. */
    public synchronized long need(TopicPartition partition, Lsn lsn) {
        PartitionIndex index = partitions.get(partition);
        return index == null ? 0 : index.need(lsn);
    }
}
