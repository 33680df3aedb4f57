// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.DeadLetters;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.deadletter.DeadLetter;
import io.tidemark.relay.deadletter.DeadLetterTopic;
import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.http.response.ResponseWriter;
import io.tidemark.relay.reason.Reason;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.MediaType;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** {@code GET /v1/dead-letters}: the newest dead letters with their headers, without their payloads. */
@Path("/v1/dead-letters")
@Produces(MediaType.APPLICATION_JSON)
public final class DeadLettersResource {

    private static final int MOST = 200;
    private static final Duration LIMIT = Duration.ofSeconds(8);

    private final DeadLetterTopic topic;
    private final Searches searches;
    private final ResponseWriter answers;

    DeadLettersResource(KafkaConfig kafka, Searches searches, ResponseWriter answers) {
        this.topic = new DeadLetterTopic(kafka);
        this.searches = searches;
        this.answers = answers;
    }

    @GET
    public void list(@Suspended AsyncResponse response) {
        answers.give(
                response,
                searches.run(() -> topic.list(LIMIT)),
                DeadLettersResource::body,
                failure -> Problem.unavailable("the dead letters could not be read: " + Reason.of(failure)));
    }

    private static Object body(Optional<List<DeadLetter>> found) {
        if (found.isEmpty()) {
            return Problem.unavailable("the dead letters could not be read to their end in " + LIMIT.toSeconds()
                    + " s; list them with: tidemark dead-letters list CONFIG");
        }
        List<DeadLetter> all = found.get();
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("total", all.size());
        ArrayNode letters = json.putArray("deadLetters");
        for (int i = all.size() - 1; i >= Math.max(0, all.size() - MOST); i--) { // newest first
            letters.add(of(all.get(i)));
        }
        return json;
    }

    private static ObjectNode of(DeadLetter letter) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("key", letter.key())
                .put("id", letter.id())
                .put("source", letter.source())
                .put("position", letter.position())
                .put("topic", header(letter, DeadLetters.INTENDED_TOPIC))
                .put("aggregateId", header(letter, DeadLetters.INTENDED_KEY))
                .put("aggregateType", header(letter, DeadLetters.AGGREGATE_TYPE))
                .put("reason", header(letter, DeadLetters.REASON))
                .put("since", header(letter, DeadLetters.TIME))
                .put("createdAt", Instant.ofEpochMilli(letter.timestampMillis()).toString())
                .put("payloadBytes", letter.payloadBytes());
        ArrayNode headers = json.putArray("headers"); // names may repeat
        letter.headers()
                .forEach(
                        header -> headers.addObject().put("name", header.name()).put("value", header.text()));
        return json;
    }

    private static String header(DeadLetter letter, String name) {
        return letter.header(name).orElse("");
    }
}
