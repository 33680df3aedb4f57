package io.tidemark.relay.deadletter;

import io.tidemark.outbox.DeadLetters;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.config.RouteConfig;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.Topics;
import io.tidemark.relay.publish.TransactionalPublisher;
import io.tidemark.relay.route.OutgoingEvent;
import io.tidemark.relay.route.TopicName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/**
 * Sends a dead letter again or drops it, exactly once: first earlier attempts are fenced and settled, then the dead
 * letter is looked up, then event and removal are one Kafka transaction. The relay's own producer is another.
 */
public final class DeadLetterDesk {

    private final KafkaConfig kafka;
    private final List<RouteConfig> routes;
    private final DeadLetterTopic letters;

    /** @param routes as they are now, not as they were when the event became a dead letter */
    public DeadLetterDesk(KafkaConfig kafka, List<RouteConfig> routes) {
        this.kafka = kafka;
        this.routes = routes;
        this.letters = new DeadLetterTopic(kafka);
    }

    /**
     * The one dead letter of that event.
     *
     * @param idOrKey the event's id, or its key if two have one id
     */
    public DeadLetter find(String idOrKey) throws DeadLetterProblem, PublishFailure {
        List<DeadLetter> found = letters.find(idOrKey);
        if (found.isEmpty()) {
            throw new DeadLetterProblem(
                    "there is no dead letter of event " + idOrKey + "; see: tidemark dead-letters list CONFIG");
        }
        if (found.size() > 1) {
            throw new DeadLetterProblem("several dead letters have the event id " + idOrKey + "; give one of "
                    + found.stream().map(DeadLetter::key).toList() + " instead");
        }
        return found.get(0);
    }

    /**
     * Publishes the event and removes the dead letter.
     *
     * @param topic instead of the one it should have gone to
     * @return the topic it is in now
     * @throws DeadLetterProblem when it may not go there, or Kafka still refuses it
     * @throws PublishFailure when Kafka cannot be used now; the outcome is settled by the next attempt
     */
    public String retry(String idOrKey, Optional<String> topic)
            throws DeadLetterProblem, PublishFailure, InterruptedException {
        DeadLetter letter = find(idOrKey);
        if (topic.isEmpty() && letter.header(DeadLetters.INTENDED_TOPIC).isEmpty()) {
            throw new DeadLetterProblem("event " + letter.id() + " "
                    + letter.header(DeadLetters.REASON).orElse("has no topic")
                    + "; sent again it would be no better: discard it and write it anew, or name a topic with --topic");
        }
        String target =
                topic.or(() -> letter.header(DeadLetters.INTENDED_TOPIC)).orElse("");
        String whyNot = TopicName.whyNot(target);
        if (whyNot != null) {
            throw new DeadLetterProblem("event " + letter.id() + " would go to topic '" + target + "', " + whyNot
                    + "; give it another with --topic");
        }
        if (letter.hasNullPayload() && !allowsTombstones(letter)) {
            throw new DeadLetterProblem("event " + letter.id() + " has no payload, and its route allows no tombstones;"
                    + " set tombstones: true on the route for aggregate type '"
                    + letter.header(DeadLetters.AGGREGATE_TYPE).orElse("") + "', or discard it");
        }
        try (Topics topics = new Topics(kafka)) {
            topics.ensureEvents(target);
        } catch (PublishFailure e) {
            if (e.kind() == PublishFailure.Kind.HALT) {
                throw refused(letter, target, e);
            }
            throw e;
        } catch (KafkaException e) { // from kafka.properties, mostly
            throw PublishFailure.of(e);
        }
        remove(letter, target);
        return target;
    }

    /** Removes the dead letter; the event is then in the outbox table only. */
    public void discard(String idOrKey) throws DeadLetterProblem, PublishFailure {
        remove(find(idOrKey), null);
    }

    private boolean allowsTombstones(DeadLetter letter) {
        String aggregateType = letter.header(DeadLetters.AGGREGATE_TYPE).orElse("");
        return routes.stream()
                .filter(route -> route.matches(aggregateType))
                .findFirst()
                .map(RouteConfig::tombstones)
                .orElse(false);
    }

    /**
     * Looks it up once more when nobody else can remove it.
     *
     * @param topic where the event goes; null for nowhere
     */
    void remove(DeadLetter seen, @Nullable String topic) throws DeadLetterProblem, PublishFailure {
        String transactionalId = "tidemark-dead-letters-" + seen.source();
        try (TransactionalPublisher publisher = new TransactionalPublisher(kafka, transactionalId, false)) {
            publisher.initialize();
            DeadLetter letter = find(seen.key()); // an attempt that has just been settled may have removed it
            publisher.begin();
            if (topic != null) {
                OutgoingEvent event = letter.again(topic);
                publisher.send(event, null);
            }
            publisher.send(letter.removal(), null);
            publisher.commit(OwnTopics.DEAD_LETTERS, Map.of());
        } catch (PublishFailure e) {
            switch (e.kind()) {
                case HALT -> throw refused(seen, String.valueOf(topic), e);
                case FENCED ->
                    throw new DeadLetterProblem(
                            "another retry or discard of source " + seen.source()
                                    + " ran at the same time, and this one did nothing; look at the list, then try again",
                            e);
                case RETRY -> throw e.adding("look whether the dead letter is still listed; if so, try again");
                case NO_RIGHT -> throw e;
            }
        } catch (KafkaException e) {
            throw PublishFailure.of(e);
        }
    }

    private static DeadLetterProblem refused(DeadLetter letter, String topic, PublishFailure failure) {
        return new DeadLetterProblem(
                "event " + letter.id() + " cannot go to topic " + topic + " and stays a dead letter: "
                        + failure.getMessage(),
                failure);
    }
}
