// SPDX-License-Identifier: Apache-2.0
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
 * Sends a dead letter again or drops it, exactly once. First it fences earlier attempts and settles their outcome. Then
 * it reads the dead letter. Then one Kafka transaction publishes the event and removes the dead letter. It does not use
 * the relay's producer.
 */
public final class DeadLetterDesk {

    private final KafkaConfig kafka;
    private final List<RouteConfig> routes;
    private final DeadLetterTopic letters;

    /** @param routes the current routes, not those from when the event became a dead letter */
    public DeadLetterDesk(KafkaConfig kafka, List<RouteConfig> routes) {
        this.kafka = kafka;
        this.routes = routes;
        this.letters = new DeadLetterTopic(kafka);
    }

    /**
     * The dead letter of that event.
     *
     * @param idOrKey the event's id, or the dead letter's key if several have the same id
     */
    public DeadLetter find(String idOrKey) throws DeadLetterProblem, PublishFailure {
        List<DeadLetter> found = letters.find(idOrKey);
        if (found.isEmpty()) {
            throw new DeadLetterProblem(
                    "event " + idOrKey + " has no dead letter; list them with: tidemark dead-letters list CONFIG");
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
     * @param topic replaces the intended topic
     * @return the topic to which it was published
     * @throws DeadLetterProblem if the topic is not allowed, or Kafka still refuses the event
     * @throws PublishFailure if Kafka cannot be used now; the next attempt settles the outcome
     */
    public String retry(String idOrKey, Optional<String> topic)
            throws DeadLetterProblem, PublishFailure, InterruptedException {
        DeadLetter letter = find(idOrKey);
        if (topic.isEmpty() && letter.header(DeadLetters.INTENDED_TOPIC).isEmpty()) {
            throw new DeadLetterProblem("event " + letter.id() + " "
                    + letter.header(DeadLetters.REASON).orElse("has no topic")
                    + "; retrying cannot succeed: discard it and write the event again, or set a topic with --topic");
        }
        String target =
                topic.or(() -> letter.header(DeadLetters.INTENDED_TOPIC)).orElse("");
        String whyNot = TopicName.whyNot(target);
        if (whyNot != null) {
            throw new DeadLetterProblem("event " + letter.id() + " would go to topic '" + target + "', " + whyNot
                    + "; set another topic with --topic");
        }
        if (letter.hasNullPayload() && !allowsTombstones(letter)) {
            throw new DeadLetterProblem(
                    "event " + letter.id() + " has no payload, and its route does not allow tombstones;"
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

    /** Removes the dead letter. Then only the outbox table has the event. */
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
     * Reads it again when no other attempt can remove it any more.
     *
     * @param topic the topic for the event; null to publish nothing
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
                                    + " ran at the same time, and this one did nothing; check the list, then try again",
                            e);
                case RETRY -> throw e.adding("check whether the dead letter is still listed; if so, try again");
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
