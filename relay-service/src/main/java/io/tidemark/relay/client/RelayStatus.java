// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The state of the replicas of one relay, and the projections as one of them sees them.
 *
 * @param replicas in the order they were asked
 * @param projections in the order of their configuration; empty if no replica knows them
 * @param projectionsProblem why no replica knows them; empty if one does
 */
public record RelayStatus(List<Replica> replicas, List<JsonNode> projections, String projectionsProblem) {

    /** Longer than a replica waits for a database that does not answer. */
    private static final Duration TIMEOUT = Duration.ofSeconds(20);

    public RelayStatus {
        replicas = List.copyOf(replicas);
        projections = List.copyOf(projections);
    }

    /** A replica, and its answer about itself. */
    public record Replica(URI url, RelayReply reply) {

        /** {@code GET /v1/source}; empty when it did not answer that. */
        public Optional<JsonNode> source() {
            return reply instanceof RelayReply.Answer answer && reply.isOk()
                    ? Optional.of(answer.body())
                    : Optional.empty();
        }

        public boolean isActive() {
            return source().map(source -> source.path("role").asText().equals("active"))
                    .orElse(false);
        }
    }

    /** A condition to report. Every state of a projection except {@code running} belongs to lagging or stalled. */
    public enum Condition {
        /** None of the replicas asked is active. Nothing is published. */
        INACTIVE(Set.of()),
        /** A projection has been behind for a long time, but makes progress. */
        LAGGING(Set.of("lagging", "rebuilding")),
        /** A projection makes no progress, or its progress is not known. */
        STALLED(Set.of("stalled", "stopped", "unknown")),
        /** Rows past their retention are kept, because not all of them are accounted for. */
        UNACCOUNTED(Set.of());

        private final Set<String> states;

        Condition(Set<String> states) {
            this.states = states;
        }
    }

    /** The finding about a projection in that condition. */
    public static String finding(Condition condition, JsonNode projection) {
        return condition.name().toLowerCase(Locale.ROOT) + ": projection "
                + projection.path("projection").asText() + " is "
                + projection.path("state").asText() + " for "
                + projection.path("stateSeconds").asLong() + " s";
    }

    /** The condition to which a state of a projection belongs; empty for {@code running}. */
    public static Optional<Condition> condition(String state) {
        return Arrays.stream(Condition.values())
                .filter(condition -> condition.states.contains(state))
                .findFirst();
    }

    /** The findings about the audit of an active replica. */
    public static List<String> unaccounted(JsonNode source) {
        List<String> findings = new ArrayList<>();
        for (JsonNode day : source.path("audit").path("unaccounted")) {
            findings.add("unaccounted: " + day.path("rows").asLong() + " rows of "
                    + day.path("day").asText()
                    + " are unaccounted for and stay in outbox.event; run: tidemark audit CONFIG");
        }
        return findings;
    }

    /** Asks all replicas. Asks the active replica first for the projections. */
    public static RelayStatus ask(RelayClient client, List<URI> urls) throws InterruptedException {
        List<Replica> replicas = new ArrayList<>();
        for (URI url : urls) {
            replicas.add(new Replica(url, client.get(url, "/v1/source", TIMEOUT)));
        }
        List<Replica> activeFirst = new ArrayList<>(replicas);
        activeFirst.sort((a, b) -> Boolean.compare(b.isActive(), a.isActive()));
        String problem = "no relay answers";
        for (Replica replica : activeFirst) {
            if (replica.source().isPresent()) {
                RelayReply reply = client.get(replica.url(), "/v1/projections", TIMEOUT);
                if (reply instanceof RelayReply.Answer answer && reply.isOk()) {
                    List<JsonNode> projections = new ArrayList<>();
                    answer.body().path("projections").forEach(projections::add);
                    return new RelayStatus(replicas, projections, "");
                }
                problem = replica.url() + ": " + reply.reason();
            }
        }
        return new RelayStatus(replicas, List.of(), problem);
    }

    /** Whether any replica reported its state. */
    public boolean isKnown() {
        return replicas.stream().anyMatch(replica -> replica.source().isPresent());
    }

    /** The findings among these conditions, one sentence each. */
    public List<String> findings(Set<Condition> conditions) {
        List<String> findings = new ArrayList<>();
        if (conditions.contains(Condition.INACTIVE) && replicas.stream().noneMatch(Replica::isActive)) {
            findings.add("inactive: none of the replicas asked is active");
        }
        if (conditions.contains(Condition.UNACCOUNTED)) {
            replicas.stream()
                    .filter(Replica::isActive)
                    .flatMap(replica -> replica.source().stream())
                    .forEach(source -> findings.addAll(unaccounted(source)));
        }
        for (Condition condition : List.of(Condition.LAGGING, Condition.STALLED)) {
            if (!conditions.contains(condition)) {
                continue;
            }
            String word = condition == Condition.LAGGING ? "lagging" : "stalled";
            if (!projectionsProblem.isEmpty()) {
                findings.add(word + ": the projections are not known (" + projectionsProblem + ")");
            }
            for (JsonNode projection : projections) {
                String state = projection.path("state").asText();
                if (condition.states.contains(state)) {
                    findings.add(finding(condition, projection));
                }
            }
        }
        return findings;
    }
}
