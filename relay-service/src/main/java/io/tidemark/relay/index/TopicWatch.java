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
 * Whether the topics of projections exist, and are still those that were published to, by Kafka's id of each (KIP-516):
 * offsets of one that was made again say nothing. One thread.
 */
final class TopicWatch implements AutoCloseable {

    private final KafkaConfig kafka;
    private final String sourceId;
    private final Set<String> watched;
    private final Topics topics;
    private final Map<String, String> expected = new HashMap<>();
    /** Topics with events of the source, declared or not. */
    private final Set<String> written = new HashSet<>();

    private boolean isRecorded;

    TopicWatch(KafkaConfig kafka, String sourceId, Set<String> watched) {
        this.kafka = kafka;
        this.sourceId = sourceId;
        this.watched = watched;
        this.topics = new Topics(kafka);
    }

    /** Entries are missing: what they would have told of topics has to be read again. */
    void missedEntries() {
        isRecorded = false;
    }

    /** How they stand; one that nothing was published to yet may come and go. */
    TopicsSeen look() throws PublishFailure, InterruptedException {
        if (!isRecorded) { // and again after something was wrong: a person may have adopted the new ones
            try (KafkaTail tail = new KafkaTail(kafka)) {
                expected.clear();
                expected.putAll(tail.lastTopicIds(sourceId).ids());
                written.addAll(expected.keySet());
                isRecorded = true;
            }
        }
        Map<String, String> now = topics.idsOf(watched);
        Map<String, String> wrong = new TreeMap<>();
        for (String topic : watched) {
            String id = now.get(topic);
            String before = id == null ? expected.get(topic) : expected.putIfAbsent(topic, id);
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
        return new TopicsSeen(wrong, absent, written);
    }

    @Override
    public void close() {
        topics.close();
    }
}
