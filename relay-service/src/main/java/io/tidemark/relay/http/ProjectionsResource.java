package io.tidemark.relay.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.relay.watermark.Answer;
import io.tidemark.relay.watermark.Standing;
import io.tidemark.relay.watermark.Watermarks;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** {@code /v1/projections}: where each projection stands, and whether one has caught up with a token. */
@Path("/v1/projections")
@Produces(MediaType.APPLICATION_JSON)
public final class ProjectionsResource {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final Watermarks watermarks;

    public ProjectionsResource(Watermarks watermarks) {
        this.watermarks = watermarks;
    }

    /** All projections, in the order of the configuration. */
    @GET
    public void list(@Suspended AsyncResponse response) {
        List<CompletableFuture<ObjectNode>> all = watermarks.names().stream()
                .map(name -> watermarks
                        .standing(name)
                        .thenApply(ProjectionsResource::toJson)
                        .toCompletableFuture())
                .toList();
        CompletionStage<JsonNode> joined = CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
                .thenApply(done -> {
                    ArrayNode projections = JSON.arrayNode();
                    all.forEach(one -> projections.add(one.join()));
                    return JSON.objectNode().set("projections", projections);
                });
        respond(response, joined);
    }

    /** With a token: has it caught up? Without: where does it stand? */
    @GET
    @Path("/{name}/watermark")
    public void watermark(
            @PathParam("name") String name,
            @QueryParam("token") @Nullable String tokenText,
            @QueryParam("wait") @Nullable String wait,
            @QueryParam("strict") @Nullable String strict,
            @Suspended AsyncResponse response) {
        if (!watermarks.names().contains(name)) {
            throw Problem.notFound("no projection '" + name + "'; configured are " + watermarks.names());
        }
        long waitMillis = WaitParam.parseMillis(wait);
        boolean isStrict = isTrue(strict);
        if (tokenText == null) {
            respond(response, watermarks.standing(name).thenApply(ProjectionsResource::toJson));
            return;
        }
        Token token = parse(tokenText);
        CompletionStage<Answer> asked = watermarks.ask(name, token, waitMillis);
        asked.thenAccept(answer -> response.resume(toResponse(name, token, answer, isStrict)));
    }

    private static Token parse(String text) {
        try {
            return Token.parse(text);
        } catch (IllegalArgumentException e) {
            throw Problem.badRequest(String.valueOf(e.getMessage()));
        }
    }

    private void respond(AsyncResponse response, CompletionStage<? extends JsonNode> body) {
        if (!watermarks.isServing()) {
            response.resume(unavailable("this relay has not read its position yet"));
            return;
        }
        body.whenComplete((json, failure) -> {
            if (failure == null) {
                response.resume(json);
            } else {
                response.resume(unavailable("Kafka did not tell the group's offsets: " + failure.getMessage()));
            }
        });
    }

    private static Response unavailable(String why) {
        return Problem.retryLater(503, "Service Unavailable", why);
    }

    private static boolean isTrue(@Nullable String strict) {
        if (strict == null || strict.equals("false")) {
            return false;
        }
        if (strict.equals("true")) {
            return true;
        }
        throw Problem.badRequest("strict '" + strict + "' is neither true nor false");
    }

    /** With {@code strict}, whatever is not {@code success} has an HTTP status of its own; the body is the same. */
    private static int statusOf(Answer answer, boolean strict) {
        if (!strict || answer instanceof Answer.Success) {
            return 200;
        }
        boolean conflicts =
                answer instanceof Answer.Ahead || answer instanceof Answer.Foreign || answer instanceof Answer.Diverged;
        return conflicts ? 409 : 412;
    }

    private static Response toResponse(String name, Token token, Answer answer, boolean strict) {
        if (answer instanceof Answer.Unavailable unavailable) {
            return unavailable(unavailable.reason());
        }
        if (answer instanceof Answer.TooManyWaiters tooMany) {
            return Problem.retryLater(
                    429, "Too Many Requests", tooMany.limit() + " requests are waiting already (watermark.maxWaiters)");
        }
        ObjectNode json = JSON.objectNode();
        json.put("status", "unknown").put("projection", name);
        if (answer instanceof Answer.Success success) {
            json.put("status", "success");
            putProgress(json, success.waitedMillis(), success.published());
            json.set("behind", JSON.arrayNode());
            putEvidence(json, success.evidenceAgeMillis());
        } else if (answer instanceof Answer.SourceBehind source) {
            json.put("status", "timeout").put("phase", "source");
            putProgress(json, source.waitedMillis(), source.published());
        } else if (answer instanceof Answer.ProjectionBehind projection) {
            json.put("status", "timeout").put("phase", "projection");
            putProgress(json, projection.waitedMillis(), projection.published());
            json.set("behind", toJson(projection.behind()));
            putEvidence(json, projection.evidenceAgeMillis());
        } else if (answer instanceof Answer.Foreign foreign) {
            json.put("status", "foreign").put("reason", "this relay does not serve source " + foreign.source());
        } else if (answer instanceof Answer.Ahead ahead) {
            json.put("status", "ahead").put("published", ahead.published().toString());
        } else if (answer instanceof Answer.Diverged diverged) {
            json.put("status", "diverged").put("reason", diverged.reason());
        } else if (answer instanceof Answer.Unknown unknown) {
            json.put("reason", unknown.reason());
        }
        return Response.status(statusOf(answer, strict))
                .entity(json.put("token", token.toString()))
                .build();
    }

    private static void putProgress(ObjectNode json, long waitedMillis, Lsn published) {
        json.put("waitedMillis", waitedMillis).put("published", published.toString());
    }

    private static void putEvidence(ObjectNode json, long ageMillis) {
        json.putObject("evidence").put("kind", "committed-offsets").put("ageMillis", ageMillis);
    }

    private static ObjectNode toJson(Standing standing) {
        ObjectNode json = JSON.objectNode()
                .put("projection", standing.projection().name())
                .put("group", standing.projection().group());
        ArrayNode topics = json.putArray("topics");
        standing.projection().topics().forEach(topics::add);
        json.put("watermark", standing.watermark().toString())
                .put("published", standing.published().toString())
                .put("lagBytes", standing.lagBytes())
                .put("lagRecords", standing.lagRecords());
        json.set("behind", toJson(standing.behind()));
        return json;
    }

    private static ArrayNode toJson(List<Answer.Behind> behind) {
        ArrayNode partitions = JSON.arrayNode();
        behind.forEach(partition -> partitions
                .addObject()
                .put("topic", partition.topic())
                .put("partition", partition.partition())
                .put("need", partition.need())
                .put("have", partition.have()));
        return partitions;
    }
}
