// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.declared;

import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.RouteConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** The topics that routes can send events to. A projection that declares another topic would wait for nothing. */
public final class WritableTopics {

    private static final String KAFKAS_OWN = "__";
    private static final int MOST_ROUTES_NAMED = 4;
    /** Maximum number of wrong letters in a name that counts as misspelled. */
    private static final int MOST_WRONG_LETTERS = 2;

    private static final LevenshteinDistance DISTANCE = LevenshteinDistance.getDefaultInstance();

    private final List<RouteConfig> routes;

    /** @param routes the first that matches an event decides */
    public WritableTopics(List<RouteConfig> routes) {
        this.routes = List.copyOf(routes);
    }

    /** A sentence for each declared topic that no event can go to, in the order of the configuration. */
    public static List<String> findings(RelayConfiguration config) {
        WritableTopics writable = new WritableTopics(config.routes());
        return config.projections().stream()
                .flatMap(projection -> writable.findings(projection).stream())
                .toList();
    }

    /** The topics that projections declare and that events can go to. */
    public static Set<String> declaredIn(RelayConfiguration config) {
        WritableTopics writable = new WritableTopics(config.routes());
        return config.projections().stream()
                .flatMap(projection -> projection.topics().stream())
                .filter(topic -> writable.whyNot(topic).isEmpty())
                .collect(Collectors.toSet());
    }

    List<String> findings(ProjectionConfig projection) {
        List<String> findings = new ArrayList<>();
        for (String topic : projection.topics()) {
            whyNot(topic)
                    .ifPresent(why -> findings.add("projection " + projection.name() + " reads topic '" + topic + "', "
                            + why + " Every token is answered unknown for this projection until projections[].topics"
                            + " names topics that routes write, and the relay is restarted"));
        }
        return findings;
    }

    /**
     * Why no event can go to that topic: text to follow the topic's name, ending with a full stop. Empty if an event
     * can.
     */
    Optional<String> whyNot(String topic) {
        if (topic.startsWith(OwnTopics.PREFIX)) {
            return Optional.of("but that is a topic of the relay itself, and never holds events.");
        }
        if (topic.startsWith(KAFKAS_OWN)) {
            return Optional.of("but that is a topic of Kafka itself, and never holds events.");
        }
        for (int i = 0; i < routes.size(); i++) {
            Optional<String> type = routes.get(i).typeOf(topic);
            if (type.isPresent() && !isTaken(type.get(), routes.subList(0, i))) {
                return Optional.empty();
            }
        }
        return Optional.of("but no route writes it; " + namedRoutes()
                + nearest(topic).map(near -> "; did you mean " + near + "?").orElse("."));
    }

    /**
     * Whether an earlier route takes all events of this type; {@code *} is every type, and only a {@code *} takes all.
     */
    private static boolean isTaken(String type, List<RouteConfig> earlier) {
        return earlier.stream().anyMatch(route -> route.matches(type));
    }

    private String namedRoutes() {
        String named = routes.stream()
                .limit(MOST_ROUTES_NAMED)
                .map(route -> "the route for '" + route.aggregateType() + "' writes '" + route.topic() + "'")
                .collect(Collectors.joining(", "));
        int more = routes.size() - MOST_ROUTES_NAMED;
        return more > 0 ? named + ", and " + more + " more" : named;
    }

    /** The topic that was probably meant: a topic that a route writes, with a similar name. */
    private Optional<String> nearest(String topic) {
        String best = null;
        int distance = Integer.MAX_VALUE;
        for (RouteConfig route : routes) {
            String candidate = route.fixedTopic().orElseGet(() -> underTemplate(route.topic(), topic));
            int wrong = DISTANCE.apply(candidate.toLowerCase(Locale.ROOT), topic.toLowerCase(Locale.ROOT));
            boolean isNear = wrong <= MOST_WRONG_LETTERS || candidate.endsWith("." + topic);
            if (isNear && wrong < distance && isWritten(candidate)) {
                best = candidate;
                distance = wrong;
            }
        }
        return Optional.ofNullable(best);
    }

    private boolean isWritten(String candidate) {
        return routes.stream().anyMatch(route -> route.typeOf(candidate).isPresent());
    }

    /** {@code outbox.{aggregateType}} gives {@code outbox.order} for {@code order}, and for {@code Outbox.order}. */
    private static String underTemplate(String template, String topic) {
        int start = template.indexOf(RouteConfig.PLACEHOLDER);
        String prefix = template.substring(0, start);
        String suffix = template.substring(start + RouteConfig.PLACEHOLDER.length());
        int dots = (int) prefix.chars().filter(c -> c == '.').count();
        int end = 0;
        for (int i = 0; i < dots && end >= 0; i++) {
            end = topic.indexOf('.', end) + 1;
            if (end == 0) {
                return prefix + topic + suffix;
            }
        }
        return prefix + topic.substring(Math.max(0, end));
    }
}
