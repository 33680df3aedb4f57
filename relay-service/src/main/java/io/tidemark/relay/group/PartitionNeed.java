// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.group;

import org.apache.kafka.common.TopicPartition;

/**
 * The offset that a question needs in one partition, and the group's offset there.
 *
 * @param need the offset that the group must have committed
 * @param have the offset that it has committed; without a commit, the first offset that Kafka still has, as far as
 *     known; {@link #UNKNOWN} if Kafka was not asked or did not answer
 * @param note an explanation of {@code have}, for people; may be empty
 */
public record PartitionNeed(String topic, int partition, long need, long have, String note) {

    /** The note for a partition in which the group has never committed, or its commit has expired. */
    public static final String NO_COMMIT = "no commit in this partition yet";

    /** With a committed offset and no note. */
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
