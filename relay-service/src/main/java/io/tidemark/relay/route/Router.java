package io.tidemark.relay.route;

import io.tidemark.outbox.Position;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.config.HeaderStyle;
import io.tidemark.relay.config.RouteConfig;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The routes and the header style of one relay, applied to one event after the other. Safe on any thread. */
public final class Router {

    private final List<RouteConfig> routes;
    private final HeaderWriter headers;
    private final String sourceId;

    public Router(List<RouteConfig> routes, HeaderStyle style, String sourceId) {
        this.routes = routes;
        this.headers = HeaderWriter.of(style, sourceId);
        this.sourceId = sourceId;
    }

    /**
     * Decides topic, key and headers.
     *
     * @param split the value of the {@code tidemark-split} header, or null for the usual, whole transaction
     * @throws PoisonEvent when the event has a defect, no route takes it, its topic is illegal, or it is a tombstone
     *     where none is allowed
     */
    public OutgoingEvent route(CapturedEvent event, Position position, @Nullable String split) {
        if (event.defect() != null) {
            throw new PoisonEvent(
                    name(event, position),
                    event.defect(),
                    "it cannot be mended where it is; set onPoison: dead-letter on the route for "
                            + (event.aggregateType().isEmpty()
                                    ? "\"*\""
                                    : "aggregate type '" + event.aggregateType() + "'")
                            + " to go on without it",
                    null);
        }
        RouteConfig route = routeOf(event)
                .orElseThrow(() -> new PoisonEvent(
                        name(event, position),
                        "has aggregate type '" + event.aggregateType() + "', for which there is no route",
                        "add one to routes, or one for \"*\"",
                        null));
        String topic = route.topicFor(event.aggregateType());
        String whyNot = TopicName.whyNot(topic);
        if (whyNot != null) {
            throw new PoisonEvent(
                    name(event, position),
                    "would go to topic '" + topic + "', " + whyNot,
                    "shorten routes.topic, or give it a prefix of its own",
                    null);
        }
        if (event.payload() == null && !route.tombstones()) {
            throw new PoisonEvent(
                    name(event, position),
                    "has no payload, and its route allows no tombstones",
                    "set tombstones: true on the route for aggregate type '" + event.aggregateType() + "'",
                    null);
        }
        return new OutgoingEvent(
                topic,
                event.aggregateId().getBytes(StandardCharsets.UTF_8),
                event.payload(),
                headers.write(event, position, split),
                event.createdAtMillis());
    }

    /**
     * The event as a dead letter, where its route says so.
     *
     * @param time when it becomes one
     * @throws PoisonEvent the very one given, where its route does not say so or there is none
     */
    public OutgoingEvent deadLetter(
            CapturedEvent event, Position position, @Nullable String split, PoisonEvent poison, Instant time) {
        RouteConfig route = routeOf(event).filter(RouteConfig::hasDeadLetters).orElseThrow(() -> poison);
        return DeadLetterWriter.write(
                sourceId,
                event,
                position,
                headers.write(event, position, split),
                route.topicFor(event.aggregateType()),
                poison.reason(),
                time);
    }

    private Optional<RouteConfig> routeOf(CapturedEvent event) {
        for (RouteConfig route : routes) {
            if (route.matches(event.aggregateType())) {
                return Optional.of(route);
            }
        }
        return Optional.empty();
    }

    /** How an event is named in messages. */
    public static String name(CapturedEvent event, Position position) {
        return "event " + (event.id().isEmpty() ? "without an id" : event.id()) + " at " + position;
    }
}
