// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.view;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What one replica has answered.
 *
 * @param address {@code host:port}; empty for the replica that was asked by the browser
 * @param millis how long the answer took
 * @param source the body of {@code GET /v1/source}
 * @param projections the body of {@code GET /v1/projections}
 * @param history the body of {@code GET /v1/history}; empty if it has no console
 * @param problem why it did not answer; empty if it did
 * @param projectionsProblem the same for the projections
 */
record ReplicaReply(
        String address,
        boolean isSelf,
        long millis,
        Optional<JsonNode> source,
        Optional<JsonNode> projections,
        Optional<JsonNode> history,
        String problem,
        String projectionsProblem) {

    private static final long MOST_AGE_MILLIS = 15_000;

    static ReplicaReply none(String address, String problem) {
        return new ReplicaReply(
                address, false, 0, Optional.empty(), Optional.empty(), Optional.empty(), problem, problem);
    }

    ReplicaReply at(String where) {
        return new ReplicaReply(where, isSelf, millis, source, projections, history, problem, projectionsProblem);
    }

    String id() {
        return source.map(body -> body.path("replica").asText()).orElse("");
    }

    /** What a person calls it. */
    String name() {
        if (address.isEmpty()) {
            return id().isEmpty() ? "this replica" : id();
        }
        return address;
    }

    String state() {
        return source.map(body -> body.path("state").asText()).orElse("");
    }

    String reason() {
        return source.map(body -> body.path("reason").asText("")).orElse("");
    }

    boolean isActive() {
        return source.map(body -> body.path("role").asText().equals("active")).orElse(false);
    }

    Optional<String> databaseError() {
        return source.map(body -> body.path("databaseError"))
                .filter(JsonNode::isTextual)
                .map(JsonNode::textValue);
    }

    /** How far publishing was behind at the last sample; empty if that is not known, or too old. */
    OptionalDouble publishLagSeconds(long nowMillis) {
        return lag("publishLagSeconds", nowMillis);
    }

    OptionalDouble captureLagSeconds(long nowMillis) {
        return lag("captureLagSeconds", nowMillis);
    }

    private OptionalDouble lag(String series, long nowMillis) {
        JsonNode values = history.map(body -> body.path(series)).orElse(JsonNodeFactory.instance.arrayNode());
        JsonNode value = values.path(values.size() - 1);
        if (!value.isNumber()) {
            return OptionalDouble.empty();
        }
        JsonNode times = history.orElseThrow().path("timesMillis");
        long age = Math.max(0, nowMillis - times.path(times.size() - 1).asLong());
        return age > MOST_AGE_MILLIS ? OptionalDouble.empty() : OptionalDouble.of(value.asDouble());
    }

    ObjectNode json(long nowMillis) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("name", name())
                .put("self", isSelf)
                .put("answerMillis", millis);
        if (!problem.isEmpty()) {
            json.put("problem", problem);
        }
        json.set("source", source.orElse(null));
        json.set(
                "projections", projections.map(body -> body.path("projections")).orElse(null));
        if (!projectionsProblem.isEmpty()) {
            json.put("projectionsProblem", projectionsProblem);
        }
        captureLagSeconds(nowMillis).ifPresent(seconds -> json.put("captureLagSeconds", rounded(seconds)));
        publishLagSeconds(nowMillis).ifPresent(seconds -> json.put("publishLagSeconds", rounded(seconds)));
        return json;
    }

    private static double rounded(double seconds) {
        return Math.round(seconds * 10) / 10.0;
    }
}
