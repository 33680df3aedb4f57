// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replay;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What was replayed, or would be.
 *
 * @param topics how many events go to each
 * @param refused number of events that cannot be published, because of the routes or of Kafka, or are dead letters
 * @param reasons of the first refused events
 */
public record ReplaySummary(Map<String, Long> topics, long refused, List<String> reasons) {

    public ReplaySummary {
        topics = new TreeMap<>(topics);
        reasons = List.copyOf(reasons);
    }

    public long events() {
        return topics.values().stream().mapToLong(Long::longValue).sum();
    }
}
