// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.relay.group.GroupState;
import io.tidemark.relay.group.PartitionNeed;
import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.question.Outcome;
import io.tidemark.relay.watermark.Answer;
import io.tidemark.relay.watermark.ProjectionStanding;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Writes answers about projections as JSON, and chooses the HTTP status for {@code strict} requests. */
final class AnswerJson {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final SourcesJson sources;

    AnswerJson(SourcesJson sources) {
        this.sources = sources;
    }

    Response response(String projection, Outcome<Answer> outcome, boolean strict) {
        if (outcome instanceof Outcome.NotAsked<Answer> not) {
            return problem(not);
        }
        Outcome.Answered<Answer> answered = (Outcome.Answered<Answer>) outcome;
        Answer answer = answered.answer();
        return problem(answer).orElseGet(() -> {
            ObjectNode body = of(projection, answered.token(), answer);
            if (body.has("waitedMillis")) {
                body.put("waitedMillis", answered.waitedMillis());
            }
            putStaleness(body, answered);
            return Response.status(httpStatus(answer, strict))
                    .entity(body.put("token", sources.carryOn(answered.token(), answer)))
                    .build();
        });
    }

    /** The problem response to a question that could not be asked. */
    static Response problem(Outcome.NotAsked<?> not) {
        return problem(not.why()).orElseThrow(() -> new IllegalStateException("not a problem: " + not.why()));
    }

    /** How stale the projection is at most, if that was asked and is known. */
    static void putStaleness(ObjectNode body, Outcome.Answered<?> answered) {
        answered.stalenessMillis().ifPresent(millis -> body.put("stalenessMillis", millis));
    }

    /** A problem response if only a later request may get an answer; empty if there is an answer now. */
    static Optional<Response> problem(Answer answer) {
        if (answer instanceof Answer.Unavailable unavailable) {
            return Optional.of(Problem.unavailable(unavailable.reason()));
        }
        if (answer instanceof Answer.TooManyWaiters tooMany) {
            return Optional.of(Problem.tooManyWaiters(tooMany.reason()));
        }
        return Optional.empty();
    }

    /** The HTTP status of an answer that is not a problem. */
    static int httpStatus(Answer answer, boolean strict) {
        return strict ? answer.status().strictHttpStatus() : 200;
    }

    /** Includes the parts of the token if they were judged. */
    ObjectNode of(String projection, Token token, Answer answer) {
        ObjectNode json = of(projection, answer);
        if (problem(answer).isEmpty()) {
            sources.put(json, token, answer);
        }
        return json;
    }

    /** The token to use from now on; null if nothing of it is left. */
    @Nullable
    String carryOn(Token token, Answer answer) {
        return sources.carryOn(token, answer);
    }

    /** The token as callers get it. */
    String text(Token token) {
        return sources.text(token);
    }

    private static ObjectNode of(String projection, Answer answer) {
        ObjectNode json = JSON.objectNode()
                .put("status", answer.status().word())
                .put("code", answer.code())
                .put("projection", projection);
        if (answer instanceof Answer.Success success) {
            putProgress(json, success.waitedMillis(), success.published());
            json.set("behind", JSON.arrayNode());
            putEvidence(json, success.evidenceAgeMillis());
        } else if (answer instanceof Answer.SourceBehind source) {
            json.put("phase", "source");
            putProgress(json, source.waitedMillis(), source.published());
        } else if (answer instanceof Answer.ProjectionBehind behind) {
            json.put("phase", "projection");
            putProgress(json, behind.waitedMillis(), behind.published());
            json.set("behind", of(behind.behind()));
            putEvidence(json, behind.evidenceAgeMillis());
        } else if (answer instanceof Answer.NotVisible consumed) {
            json.put("phase", "projection").put("reason", consumed.reason());
            putProgress(json, consumed.waitedMillis(), consumed.published());
            json.set("behind", JSON.arrayNode());
            putEvidence(json, consumed.evidenceAgeMillis());
        } else if (answer instanceof Answer.NoProgress stuck) {
            json.put("reason", stuck.reason());
            putProgress(json, stuck.waitedMillis(), stuck.published());
            json.set("behind", of(stuck.behind()));
            putEvidence(json, stuck.evidenceAgeMillis());
        } else if (answer instanceof Answer.Ahead ahead) {
            json.put("published", ahead.published().toString());
        } else if (answer instanceof Answer.Refused refused) {
            json.put("reason", refused.reason());
        } else if (answer instanceof Answer.Unavailable unavailable) { // only beside answers for other projections
            json.put("reason", unavailable.reason());
        } else if (answer instanceof Answer.TooManyWaiters tooMany) {
            json.put("reason", tooMany.reason());
        }
        return json;
    }

    private static void putProgress(ObjectNode json, long waitedMillis, Lsn published) {
        json.put("waitedMillis", waitedMillis).put("published", published.toString());
    }

    private static void putEvidence(ObjectNode json, long ageMillis) {
        json.putObject("evidence").put("kind", "committed-offsets").put("ageMillis", ageMillis);
    }

    static ObjectNode of(ProjectionStanding standing) {
        ObjectNode json = JSON.objectNode()
                .put("projection", standing.projection().name())
                .put("group", standing.projection().group());
        ArrayNode topics = json.putArray("topics");
        standing.projection().topics().forEach(topics::add);
        json.put("state", standing.state().word())
                .put("code", standing.code())
                .put("stateSeconds", standing.stateSeconds());
        if (!standing.reason().isEmpty()) {
            json.put("reason", standing.reason());
        }
        if (standing.members() >= 0) {
            json.put("members", standing.members());
        }
        json.put("watermark", standing.watermark().toString())
                .put("published", standing.published().toString())
                .put("lagBytes", standing.lagBytes())
                .put("lagRecords", standing.lagRecords());
        standing.lagSeconds().ifPresent(seconds -> json.put("lagSeconds", seconds));
        json.set("behind", of(standing.behind()));
        return json;
    }

    /** For one of several projections, if Kafka did not answer for its group. */
    static ObjectNode unknown(String projection, String reason) {
        return JSON.objectNode()
                .put("projection", projection)
                .put("state", GroupState.UNKNOWN.word())
                .put("code", "unavailable")
                .put("reason", reason);
    }

    /** @param topicIds Kafka's ids of the topics, as far as they are known */
    static ArrayNode of(List<PartitionNeed> partitions, Map<String, String> topicIds) {
        ArrayNode json = of(partitions);
        json.forEach(partition -> {
            String id = topicIds.get(partition.path("topic").textValue());
            if (id != null) {
                ((ObjectNode) partition).put("topicId", id);
            }
        });
        return json;
    }

    static ArrayNode of(List<PartitionNeed> partitions) {
        ArrayNode json = JSON.arrayNode();
        for (PartitionNeed partition : partitions) {
            ObjectNode one = json.addObject()
                    .put("topic", partition.topic())
                    .put("partition", partition.partition())
                    .put("need", partition.need());
            if (partition.have() != PartitionNeed.UNKNOWN) {
                one.put("have", partition.have());
            }
            if (!partition.note().isEmpty()) {
                one.put("note", partition.note());
            }
        }
        return json;
    }
}
