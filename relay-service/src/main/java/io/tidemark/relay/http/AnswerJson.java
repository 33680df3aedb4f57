package io.tidemark.relay.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.relay.watermark.Answer;
import io.tidemark.relay.watermark.GroupState;
import io.tidemark.relay.watermark.Standing;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Optional;

/** Answers about projections as JSON, and as HTTP statuses for those who ask strictly. */
final class AnswerJson {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private AnswerJson() {}

    static Response response(String projection, Token token, Answer answer, boolean strict) {
        return problem(answer)
                .orElseGet(() -> Response.status(strict ? strictStatus(answer) : 200)
                        .entity(of(projection, answer).put("token", token.toString()))
                        .build());
    }

    /** Where there is no answer, but a reason to ask again later. */
    static Optional<Response> problem(Answer answer) {
        if (answer instanceof Answer.Unavailable unavailable) {
            return Optional.of(Problem.unavailable(unavailable.reason()));
        }
        if (answer instanceof Answer.TooManyWaiters tooMany) {
            return Optional.of(Problem.tooManyWaiters(tooMany.reason()));
        }
        return Optional.empty();
    }

    /** With {@code strict}, whatever is not {@code success} has an HTTP status of its own; the body is the same. */
    static int strictStatus(Answer answer) {
        if (answer instanceof Answer.Success) {
            return 200;
        }
        if (answer instanceof Answer.Ahead || answer instanceof Answer.Foreign || answer instanceof Answer.Diverged) {
            return 409;
        }
        return answer instanceof Answer.Expired ? 410 : 412;
    }

    /** The word for it. */
    static String status(Answer answer) {
        if (answer instanceof Answer.Success) {
            return "success";
        }
        if (answer instanceof Answer.SourceBehind || answer instanceof Answer.ProjectionBehind) {
            return "timeout";
        }
        if (answer instanceof Answer.Hopeless hopeless) {
            return hopeless.state().word();
        }
        if (answer instanceof Answer.Foreign) {
            return "foreign";
        }
        if (answer instanceof Answer.Ahead) {
            return "ahead";
        }
        if (answer instanceof Answer.Diverged) {
            return "diverged";
        }
        return answer instanceof Answer.Expired ? "expired" : "unknown";
    }

    static ObjectNode of(String projection, Answer answer) {
        ObjectNode json = JSON.objectNode().put("status", status(answer)).put("projection", projection);
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
        } else if (answer instanceof Answer.Hopeless hopeless) {
            json.put("reason", hopeless.reason());
            putProgress(json, hopeless.waitedMillis(), hopeless.published());
            json.set("behind", of(hopeless.behind()));
            putEvidence(json, hopeless.evidenceAgeMillis());
        } else if (answer instanceof Answer.Foreign foreign) {
            json.put("reason", "this relay does not serve source " + foreign.source());
        } else if (answer instanceof Answer.Ahead ahead) {
            json.put("published", ahead.published().toString());
        } else if (answer instanceof Answer.Diverged diverged) {
            json.put("reason", diverged.reason());
        } else if (answer instanceof Answer.Expired expired) {
            json.put("reason", expired.reason());
        } else if (answer instanceof Answer.Unknown unknown) {
            json.put("reason", unknown.reason());
        } else if (answer instanceof Answer.Unavailable unavailable) { // beside answers of other projections
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

    static ObjectNode of(Standing standing) {
        ObjectNode json = JSON.objectNode()
                .put("projection", standing.projection().name())
                .put("group", standing.projection().group());
        ArrayNode topics = json.putArray("topics");
        standing.projection().topics().forEach(topics::add);
        json.put("state", standing.state().word()).put("stateSeconds", standing.stateSeconds());
        if (standing.state() == GroupState.UNKNOWN && !standing.reason().isEmpty()) {
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

    static ArrayNode of(List<Answer.Behind> partitions) {
        ArrayNode json = JSON.arrayNode();
        partitions.forEach(partition -> json.addObject()
                .put("topic", partition.topic())
                .put("partition", partition.partition())
                .put("need", partition.need())
                .put("have", partition.have()));
        return json;
    }
}
