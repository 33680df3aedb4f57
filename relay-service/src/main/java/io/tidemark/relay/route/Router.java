// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.route;

import io.tidemark.outbox.Position;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.capture.OwnHeaders;
import io.tidemark.relay.config.HeaderStyle;
import io.tidemark.relay.config.RouteConfig;
import io.tidemark.relay.route.HeaderWriter.UnreadableHeaders;
import io.tidemark.relay.route.OutgoingEvent.OutgoingHeader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Applies the routes and the header style of one relay to one event after another. Safe on any thread. */
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
     * @param split the value of the {@code tidemark-split} header, or null for a transaction that is not split
     * @throws PoisonEvent if the event has a defect, no route matches, its topic is illegal, or its route does not
     *     allow tombstones
     */
    public OutgoingEvent route(CapturedEvent event, Position position, @Nullable String split) {
        Supplier<String> name = () -> name(event, position); // only for messages
        RouteConfig route = routeFor(event, name);
        return new OutgoingEvent(
                topicFor(event, route, name),
                event.aggregateId().getBytes(StandardCharsets.UTF_8),
                event.payload(),
                readable(event, name, () -> headers.write(event, position, split)),
                event.createdAtMillis());
    }

    private static List<OutgoingHeader> readable(
            CapturedEvent event, Supplier<String> name, Supplier<List<OutgoingHeader>> written) {
        try {
            return written.get();
        } catch (UnreadableHeaders e) {
            throw poisonOf(event, name, String.valueOf(wrongHeaders(event)));
        }
    }

    /** Null when nothing is wrong with them. */
    private static @Nullable String wrongHeaders(CapturedEvent event) {
        String wrong = event.headers() == null ? null : OwnHeaders.whyNot(event.headers());
        return wrong == null ? null : "has headers that " + wrong;
    }

    /** What can be written of an event that cannot be published. */
    private static CapturedEvent legible(CapturedEvent event) {
        String wrong = wrongHeaders(event);
        return wrong == null ? event : event.withoutHeaders(event.defect() == null ? wrong : event.defect());
    }

    /**
     * The event as a dead letter, if its route allows it.
     *
     * @param time when it becomes a dead letter
     * @throws PoisonEvent the same exception, if its route does not allow it or no route matches
     */
    public OutgoingEvent deadLetter(
            CapturedEvent event, Position position, @Nullable String split, PoisonEvent poison, Instant time) {
        RouteConfig route = routeOf(event).filter(RouteConfig::hasDeadLetters).orElseThrow(() -> poison);
        CapturedEvent legible = legible(event);
        return DeadLetterWriter.write(
                sourceId,
                legible,
                position,
                headers.write(legible, position, split),
                route.topicFor(event.aggregateType()),
                poison.reason(),
                time);
    }

    /**
     * An event that was published before, from its row: like the first time, but with the replay header and without its
     * position, which the row does not have.
     *
     * @param topic replaces the topic of its route
     * @throws PoisonEvent as {@link #route}
     */
    public OutgoingEvent replay(CapturedEvent event, String replayId, Optional<String> topic) {
        Supplier<String> name = () -> "event " + event.id();
        RouteConfig route = routeFor(event, name);
        return new OutgoingEvent(
                topic.orElseGet(() -> topicFor(event, route, name)),
                event.aggregateId().getBytes(StandardCharsets.UTF_8),
                event.payload(),
                readable(event, name, () -> headers.writeReplayed(event, replayId)),
                event.createdAtMillis());
    }

    /**
     * The same as a dead letter, if its route allows it.
     *
     * @param place distinguishes it from other dead letters of that id, because the event has no position
     * @throws PoisonEvent the same exception, if its route does not allow it or no route matches
     */
    public OutgoingEvent deadLetterOfReplay(
            CapturedEvent event, Position place, String replayId, PoisonEvent poison, Instant time) {
        RouteConfig route = routeOf(event).filter(RouteConfig::hasDeadLetters).orElseThrow(() -> poison);
        CapturedEvent legible = legible(event);
        return DeadLetterWriter.write(
                sourceId,
                legible,
                place,
                headers.writeReplayed(legible, replayId),
                route.topicFor(event.aggregateType()),
                poison.reason(),
                time);
    }

    private RouteConfig routeFor(CapturedEvent event, Supplier<String> name) {
        if (event.defect() != null) {
            throw poisonOf(event, name, event.defect());
        }
        RouteConfig route = routeOf(event)
                .orElseThrow(() -> new PoisonEvent(
                        name.get(),
                        "has aggregate type '" + event.aggregateType() + "', which has no route",
                        "add one to routes, or one for \"*\"",
                        null));
        if (event.payload() == null && !route.tombstones()) {
            throw new PoisonEvent(
                    name.get(),
                    "has no payload, and its route does not allow tombstones",
                    "set tombstones: true on the route for aggregate type '" + event.aggregateType() + "'",
                    null);
        }
        return route;
    }

    private static PoisonEvent poisonOf(CapturedEvent event, Supplier<String> name, String defect) {
        return new PoisonEvent(
                name.get(),
                defect,
                "it cannot be corrected in the WAL; set onPoison: dead-letter on the route for "
                        + (event.aggregateType().isEmpty() ? "\"*\"" : "aggregate type '" + event.aggregateType() + "'")
                        + " to continue without it",
                null);
    }

    private static String topicFor(CapturedEvent event, RouteConfig route, Supplier<String> name) {
        String topic = route.topicFor(event.aggregateType());
        String whyNot = TopicName.whyNot(topic);
        if (whyNot != null) {
            throw new PoisonEvent(
                    name.get(),
                    "would go to topic '" + topic + "', " + whyNot,
                    "shorten routes.topic, or set another prefix",
                    null);
        }
        return topic;
    }

    private Optional<RouteConfig> routeOf(CapturedEvent event) {
        for (RouteConfig route : routes) {
            if (route.matches(event.aggregateType())) {
                return Optional.of(route);
            }
        }
        return Optional.empty();
    }

    /** The name of an event in messages. */
    public static String name(CapturedEvent event, Position position) {
        return "event " + (event.id().isEmpty() ? "without an id" : event.id()) + " at " + position;
    }
}
