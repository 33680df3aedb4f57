package io.tidemark.relay.group;

import org.apache.kafka.common.TopicPartition;

/**
 * What a question needs of one partition, and what the group has there.
 *
 * @param need the offset that the group must have committed
 * @param have the offset that it has committed; 0 when none, {@link #UNKNOWN} where Kafka was not asked or did not tell
 */
public record PartitionNeed(String topic, int partition, long need, long have) {

    /** Below every need, so that it never counts as met. */
    public static final long UNKNOWN = -1;

    public boolean isMet() {
        return have >= need;
    }

    public TopicPartition topicPartition() {
        return new TopicPartition(topic, partition);
    }
}
