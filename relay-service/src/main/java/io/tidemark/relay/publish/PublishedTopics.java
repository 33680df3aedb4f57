package io.tidemark.relay.publish;

import io.tidemark.relay.position.StartDecision;
import io.tidemark.relay.position.TopicIds;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The topics that hold this source's events, and whether they are still the same ones: events in a topic that was
 * deleted are gone, and making it anew under the same name must not hide that. On the publishing thread.
 */
public final class PublishedTopics {

    /** A record is written now and again, so that reading backwards from the end of the topic finds one soon. */
    private static final int COMMITS_BETWEEN_RECORDS = 2000;

    private final TopicCatalog topics;
    private final Map<String, String> ids;
    private boolean isRecorded;
    private int commits;

    /** @param recorded as read from Kafka at the start of the run */
    public PublishedTopics(TopicCatalog topics, TopicIds recorded) {
        this.topics = topics;
        this.ids = new HashMap<>(recorded.ids());
    }

    /** @throws PublishFailure of the kind {@code HALT} when a topic with events of this source is gone, or another one now */
    public void check() throws PublishFailure, InterruptedException {
        Map<String, String> now = topics.idsOf(ids.keySet());
        for (Map.Entry<String, String> topic : ids.entrySet()) {
            String id = now.get(topic.getKey());
            if (!topic.getValue().equals(id)) {
                throw PublishFailure.halt(
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
    }

    /** An event is about to be sent there; the topic is made if need be, and is recorded with the next commit. */
    public void use(String topic) throws PublishFailure, InterruptedException {
        if (!ids.containsKey(topic)) {
            topics.ensureEvents(topic);
            ids.put(topic, topics.idOf(topic));
            isRecorded = false;
        }
    }

    /** What the next Kafka transaction has to record, if anything. */
    public Optional<byte[]> toRecord() {
        return isRecorded && commits < COMMITS_BETWEEN_RECORDS
                ? Optional.empty()
                : Optional.of(new TopicIds(ids).toJson());
    }

    /** A Kafka transaction with what {@link #toRecord} gave has been committed. */
    public void committed() {
        commits = isRecorded && commits < COMMITS_BETWEEN_RECORDS ? commits + 1 : 0;
        isRecorded = true;
    }
}
