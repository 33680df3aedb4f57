// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import io.tidemark.relay.position.StartDecision;
import io.tidemark.relay.position.TopicIds;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The topics that hold this source's events, and whether they are still the same ones. Events in a deleted topic are
 * gone, and a new topic of the same name must not hide that. On the publishing thread.
 */
public final class PublishedTopics {

    /** A record is written from time to time, so that reading backwards from the end of the topic finds one soon. */
    private static final int COMMITS_BETWEEN_RECORDS = 2000;
    /** A broker that lags behind may not know a topic yet, so one answer proves nothing. */
    private static final int LOOKS = 3;

    private static final long BETWEEN_LOOKS_MILLIS = 1_000;

    private final TopicCatalog topics;
    private final long betweenLooksMillis;
    /** The topics that certainly hold events. */
    private final Map<String, String> ids;
    /** The topics to which the open Kafka transaction sends the first events. */
    private final Map<String, String> used = new HashMap<>();

    private boolean isRecorded;
    private int commits;

    /** @param recorded as read from Kafka at the start of the run */
    public PublishedTopics(TopicCatalog topics, TopicIds recorded) {
        this(topics, recorded, BETWEEN_LOOKS_MILLIS);
    }

    PublishedTopics(TopicCatalog topics, TopicIds recorded, long betweenLooksMillis) {
        this.topics = topics;
        this.betweenLooksMillis = betweenLooksMillis;
        this.ids = new HashMap<>(recorded.ids());
    }

    /**
     * @throws PublishFailure of the kind {@code HALT} when a topic with events of this source is gone, or is another
     *     one now
     */
    public void check() throws PublishFailure, InterruptedException {
        PublishFailure wrong = wrong();
        for (int look = 1; wrong != null && look < LOOKS; look++) {
            TimeUnit.MILLISECONDS.sleep(betweenLooksMillis);
            wrong = wrong();
        }
        if (wrong != null) {
            throw wrong;
        }
    }

    private @Nullable PublishFailure wrong() throws PublishFailure, InterruptedException {
        Map<String, String> now = topics.idsOf(ids.keySet());
        for (Map.Entry<String, String> topic : ids.entrySet()) {
            String id = now.get(topic.getKey());
            if (!topic.getValue().equals(id)) {
                return PublishFailure.halt(
                        "topic " + topic.getKey() + " was deleted"
                                + (id == null
                                        ? ""
                                        : " and made again (its id is " + id + " now, and was " + topic.getValue()
                                                + ")")
                                + ": the events of this source that were published to it are gone. "
                                + StartDecision.whatToDo(),
                        null);
            }
        }
        return null;
    }

    /** A Kafka transaction begins. One that was abandoned before has left nothing in the topics it used. */
    public void begin() {
        used.clear();
    }

    /** An event is about to be sent there. Makes the topic if it is missing; the next commit records it. */
    public void use(String topic) throws PublishFailure, InterruptedException {
        if (!ids.containsKey(topic) && !used.containsKey(topic)) {
            used.put(topic, topics.ensureEvents(topic));
        }
    }

    /** What the next Kafka transaction must record, if anything. */
    public Optional<byte[]> toRecord() {
        if (isRecorded && used.isEmpty() && commits < COMMITS_BETWEEN_RECORDS) {
            return Optional.empty();
        }
        Map<String, String> all = new HashMap<>(ids);
        all.putAll(used);
        return Optional.of(new TopicIds(all).toJson());
    }

    /** A Kafka transaction that contains the result of {@link #toRecord} has been committed. */
    public void committed() {
        commits = isRecorded && used.isEmpty() && commits < COMMITS_BETWEEN_RECORDS ? commits + 1 : 0;
        isRecorded = true;
        ids.putAll(used);
        used.clear();
    }
}
