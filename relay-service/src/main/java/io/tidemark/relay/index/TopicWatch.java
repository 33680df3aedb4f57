// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.declared.TopicsSeen;
import io.tidemark.relay.position.KafkaTail;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.Topics;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Whether the topics of projections exist, and are still those that were published to, by Kafka's id of each (KIP-516).
 * Offsets of a topic that was made again mean nothing. One thread.
 */
final class TopicWatch implements AutoCloseable {

    private final KafkaConfig kafka;
    private final String sourceId;
    private final Set<String> watched;
    private final Topics topics;
    /** The ids of the topics that the source has published to, as recorded with its events. */
    private final Map<String, String> expected = new HashMap<>();
    /** The ids at the last look. */
    private Map<String, String> seen = Map.of();
    /** Topics with events of the source, declared or not. */
    private final Set<String> written = new HashSet<>();

    private boolean isRecorded;

    TopicWatch(KafkaConfig kafka, String sourceId, Set<String> watched) {
        this.kafka = kafka;
        this.sourceId = sourceId;
        this.watched = watched;
        this.topics = new Topics(kafka);
    }

    /** Entries are missing: the topics that they would have shown must be read again. */
    void missedEntries() {
        isRecorded = false;
    }

    /**
     * The current state of the topics. A topic without published events may be created and deleted. A topic that has
     * appeared is not trusted for it: between two looks, the one with the events may have been deleted and made again.
     */
    TopicsSeen look() throws PublishFailure, InterruptedException {
        Map<String, String> now = topics.idsOf(watched);
        if (!isRecorded || !now.equals(seen)) { // also repeated after a problem: a person may have adopted the topics
            try (KafkaTail tail = new KafkaTail(kafka)) {
                expected.clear();
                expected.putAll(tail.lastTopicIds(sourceId).ids());
                written.addAll(expected.keySet());
                isRecorded = true;
            }
        }
        seen = now;
        Map<String, String> wrong = new TreeMap<>();
        for (String topic : watched) {
            String id = now.get(topic);
            String before = expected.get(topic);
            if (before != null && !before.equals(id)) {
                wrong.put(
                        topic,
                        id == null
                                ? "was deleted, and its events with it"
                                : "was deleted and made again: its offsets are not those that events were published at");
            }
        }
        isRecorded = wrong.isEmpty();
        Set<String> absent = new HashSet<>(watched);
        absent.removeAll(now.keySet());
        return new TopicsSeen(wrong, absent, written, now);
    }

    @Override
    public void close() {
        topics.close();
    }
}
