package io.tidemark.relay.route;

import io.tidemark.outbox.Position;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.config.HeaderStyle;
import io.tidemark.relay.config.RouteConfig;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The routes and the header style of one relay, applied to one event after the other. Safe on any thread. */
public final class Router {

    /** Kafka's own limit. */
    private static final int MAX_TOPIC_LENGTH = 249;

    private final List<RouteConfig> routes;
    private final HeaderWriter headers;

    public Router(List<RouteConfig> routes, HeaderStyle style, String sourceId) {
        this.routes = routes;
        this.headers = HeaderWriter.of(style, sourceId);
    }

    /**
     * Decides topic, key and headers.
     *
     * @param split the value of the {@code tidemark-split} header, or null for the usual, whole transaction
     * @throws PoisonEvent when no route takes the event, its topic is illegal, or it is a tombstone where none is
     *     allowed
     */
    public OutgoingEvent route(CapturedEvent event, Position position, @Nullable String split) {
        RouteConfig route = routeOf(event, position);
        String topic = route.topicFor(event.aggregateType());
        if (topic.length() > MAX_TOPIC_LENGTH || topic.equals(".") || topic.equals("..")) {
            throw new PoisonEvent(name(event, position) + " would go to topic '" + topic
                    + "', which is no legal topic name; shorten routes.topic, then restart the relay");
        }
        if (topic.startsWith(RouteConfig.RESERVED_PREFIX)) { // a position made by a writer would be taken for ours
            throw new PoisonEvent(name(event, position) + " would go to topic '" + topic
                    + "', which is the relay's own; give routes.topic a prefix, then restart the relay");
        }
        if (event.payload() == null && !route.tombstones()) {
            throw new PoisonEvent(name(event, position) + " has no payload, and its route allows no tombstones; set"
                    + " tombstones: true on the route for aggregate type '" + event.aggregateType()
                    + "', then restart the relay");
        }
        return new OutgoingEvent(
                topic,
                event.aggregateId().getBytes(StandardCharsets.UTF_8),
                event.payload(),
                headers.write(event, position, split),
                event.createdAtMillis());
    }

    private RouteConfig routeOf(CapturedEvent event, Position position) {
        for (RouteConfig route : routes) {
            if (route.matches(event.aggregateType())) {
                return route;
            }
        }
        throw new PoisonEvent(name(event, position) + " has aggregate type '" + event.aggregateType()
                + "', for which there is no route; add one to routes, or one for \"*\", then restart the relay");
    }

    /** How an event is named in messages. */
    public static String name(CapturedEvent event, Position position) {
        return "event " + event.id() + " at " + position;
    }
}
