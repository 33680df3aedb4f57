package io.tidemark.relay.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.Token;
import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.http.response.ResponseWriter;
import io.tidemark.relay.reason.Reason;
import io.tidemark.relay.watermark.Answer;
import io.tidemark.relay.watermark.Watermarks;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
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
    private final AnswerJson json;
    private final ResponseWriter answers;

    ProjectionsResource(Watermarks watermarks, AnswerJson json, ResponseWriter answers) {
        this.watermarks = watermarks;
        this.json = json;
        this.answers = answers;
    }

    /** All projections, in the order of the configuration. */
    @GET
    public void list(@Suspended AsyncResponse response) {
        List<CompletableFuture<ObjectNode>> all = watermarks.reports().standings().values().stream()
                .map(standing -> standing.thenApply(AnswerJson::of).toCompletableFuture())
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
            @Context HttpServletRequest http,
            @Suspended AsyncResponse response) {
        if (!watermarks.names().contains(name)) {
            throw Problem.notFound("no projection '" + name + "'; configured are " + watermarks.names());
        }
        long waitMillis = Params.waitMillis(wait);
        boolean isStrict = Params.strict(strict);
        if (tokenText == null) {
            respond(response, watermarks.reports().standing(name).thenApply(AnswerJson::of));
            return;
        }
        Token token = Params.token(tokenText);
        CompletableFuture<Answer> asked = watermarks.ask(name, token, waitMillis);
        answers.give(response, http, waitMillis, asked, answer -> json.response(name, token, answer, isStrict));
    }

    private void respond(AsyncResponse response, CompletionStage<? extends JsonNode> body) {
        if (!watermarks.isServing()) {
            response.resume(Problem.unavailable(watermarks.whyNotServing()));
            return;
        }
        answers.give(
                response,
                body,
                found -> found,
                failure -> Problem.unavailable("Kafka did not tell the group's offsets: " + Reason.of(failure)));
    }
}
