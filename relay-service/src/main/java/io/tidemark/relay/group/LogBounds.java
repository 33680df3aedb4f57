// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.group;

import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/**
 * Where the logs of partitions begin and end, as Kafka reports them at one moment.
 *
 * @param starts the first offset that can still be read
 * @param ends the offset of the next record; 0 if there was none yet
 */
public record LogBounds(Map<TopicPartition, Long> starts, Map<TopicPartition, Long> ends) {

    public LogBounds {
        starts = Map.copyOf(starts);
        ends = Map.copyOf(ends);
    }
}
