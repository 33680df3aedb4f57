// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.group;

import org.apache.kafka.common.TopicPartition;

/**
 * What a question needs of one partition, and what the group has there.
 *
 * @param need the offset that the group must have committed
 * @param have the offset that it has committed; where it has none, the first that Kafka still has, as far as known;
 *     {@link #UNKNOWN} where Kafka was not asked or did not answer
 * @param note what there is to say about {@code have}, for people; empty when nothing
 */
public record PartitionNeed(String topic, int partition, long need, long have, String note) {

    /** Of a partition in which the group has never committed, or its commit has expired. */
    public static final String NO_COMMIT = "no commit in this partition yet";

    /** With a committed offset. */
    public PartitionNeed(String topic, int partition, long need, long have) {
        this(topic, partition, need, have, "");
    }

    /** Below every need, so that it never counts as met. */
    public static final long UNKNOWN = -1;

    public boolean isMet() {
        return have >= need;
    }

    public TopicPartition topicPartition() {
        return new TopicPartition(topic, partition);
    }
}
