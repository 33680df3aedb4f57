// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.tidemark.outbox.OwnTopics;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The topic for the events of an aggregate type.
 *
 * @param aggregateType the type, or {@code *} for every one
 * @param topic may contain {@code {aggregateType}}
 * @param tombstones whether an event without payload becomes a record with a null value; otherwise it is poison
 * @param onPoison what happens with an event that cannot be published
 */
public record RouteConfig(String aggregateType, String topic, boolean tombstones, OnPoison onPoison) {

    /** Replaced by the event's aggregate type in {@link #topic}. */
    public static final String PLACEHOLDER = "{aggregateType}";
    /** The prefix of Kafka's internal topics, such as {@code __consumer_offsets}. */
    public static final String KAFKAS_PREFIX = "__";
    /** The aggregate type that matches every event. */
    public static final String ANY = "*";

    static final RouteConfig DEFAULT = new RouteConfig(ANY, "outbox." + PLACEHOLDER, false, OnPoison.HALT);

    private static final String TOPIC = "[A-Za-z0-9._-]+";
    private static final int MAX_LENGTH = 249;

    /** What happens with an event that cannot be published. */
    public enum OnPoison {
        /** The relay stops publishing and names the event; nothing is lost or skipped. */
        HALT,
        /** It goes to {@code tidemark.dead-letters}, and the relay continues: the order of its key is broken. */
        DEAD_LETTER
    }

    @JsonCreator
    public RouteConfig(
            @Nullable String aggregateType,
            @Nullable String topic,
            @Nullable Boolean tombstones,
            @Nullable OnPoison onPoison) {
        this(
                Checks.required("routes.aggregateType", aggregateType),
                Checks.required("routes.topic", topic),
                tombstones != null && tombstones,
                onPoison == null ? OnPoison.HALT : onPoison);
        String example = this.topic.replace(PLACEHOLDER, "x");
        if (!example.matches(TOPIC) || example.length() > MAX_LENGTH || example.equals(".") || example.equals("..")) {
            throw new ConfigurationProblem("routes.topic '" + topic + "' is not a topic name; use up to 249 letters,"
                    + " digits, dots, dashes and underscores, and " + PLACEHOLDER + " where the aggregate type goes");
        }
        if (this.topic.startsWith(OwnTopics.PREFIX)) {
            throw new ConfigurationProblem(
                    "routes.topic '" + topic + "' is reserved: names starting with tidemark. are the relay's own");
        }
        if (this.topic.startsWith(KAFKAS_PREFIX)) {
            throw new ConfigurationProblem("routes.topic '" + topic + "' is reserved: names starting with "
                    + KAFKAS_PREFIX + " are Kafka's internal topics, and Kafka refuses events in them; choose another");
        }
    }

    public boolean matches(String type) {
        return aggregateType.equals(ANY) || aggregateType.equals(type);
    }

    /** Whether an event of this route that cannot be published becomes a dead letter. */
    public boolean hasDeadLetters() {
        return onPoison == OnPoison.DEAD_LETTER;
    }

    /** The one topic for all its events; empty if the topic depends on the event, or is not a valid name. */
    public Optional<String> fixedTopic() {
        if (aggregateType.equals(ANY) && topic.contains(PLACEHOLDER)) {
            return Optional.empty();
        }
        return Optional.of(topicFor(aggregateType)).filter(name -> name.matches(TOPIC) && name.length() <= MAX_LENGTH);
    }

    public String topicFor(String type) {
        return topic.replace(PLACEHOLDER, type);
    }

    /**
     * The aggregate type whose events this route sends to that topic; empty if there is none, {@code *} for every one.
     */
    public Optional<String> typeOf(String name) {
        if (!name.matches(TOPIC) || name.length() > MAX_LENGTH || name.equals(".") || name.equals("..")) {
            return Optional.empty();
        }
        if (!aggregateType.equals(ANY) || !topic.contains(PLACEHOLDER)) {
            return Optional.of(aggregateType).filter(type -> topicFor(type).equals(name));
        }
        int start = topic.indexOf(PLACEHOLDER);
        int places = (topic.length() - topic.replace(PLACEHOLDER, "").length()) / PLACEHOLDER.length();
        int length = (name.length() - topic.length() + places * PLACEHOLDER.length()) / places;
        if (length < 1 || name.length() < start + length) {
            return Optional.empty();
        }
        return Optional.of(name.substring(start, start + length))
                .filter(type -> topicFor(type).equals(name));
    }
}
