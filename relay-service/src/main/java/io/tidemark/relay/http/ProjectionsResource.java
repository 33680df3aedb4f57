// SPDX-License-Identifier: Apache-2.0
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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code /v1/projections}: the standing of each projection, and whether it has caught up with a token. */
@Path("/v1/projections")
@Produces(MediaType.APPLICATION_JSON)
public final class ProjectionsResource {

    /** The reason when the maximum number of requests is reached. */
    static final String TOO_MANY = "as many requests as are allowed are being answered already (watermark.maxWaiters)";

    private static final String NOT_TOLD = "Kafka did not tell the group's offsets: ";
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final Watermarks watermarks;
    private final AnswerJson json;
    private final ResponseWriter answers;

    ProjectionsResource(Watermarks watermarks, AnswerJson json, ResponseWriter answers) {
        this.watermarks = watermarks;
        this.json = json;
        this.answers = answers;
    }

    /**
     * All projections, in the order of the configuration. If Kafka does not answer for one group, only its projection
     * is unknown.
     */
    @GET
    public void list(@Suspended AsyncResponse response) {
        respond(response, this::listed);
    }

    private CompletionStage<JsonNode> listed() {
        List<CompletableFuture<ObjectNode>> all = new ArrayList<>();
        watermarks
                .reports()
                .standings()
                .forEach((name, standing) -> all.add(standing.thenApply(AnswerJson::of)
                        .exceptionally(failure ->
                                AnswerJson.unknown(name, NOT_TOLD + Reason.of(ResponseWriter.cause(failure))))
                        .toCompletableFuture()));
        return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).thenApply(done -> {
            ArrayNode projections = JSON.arrayNode();
            all.forEach(one -> projections.add(one.join()));
            return JSON.objectNode().set("projections", projections);
        });
    }

    /** With a token: whether the projection has caught up. Without: its standing. */
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
            if (wait != null || strict != null) {
                throw Problem.badRequest(
                        (wait != null ? "wait" : "strict") + " is of use only with token; add token=…, or"
                                + " leave it out to see where the projection stands");
            }
            respond(response, () -> watermarks.reports().standing(name).thenApply(AnswerJson::of));
            return;
        }
        Token token = Params.token(tokenText);
        CompletableFuture<Answer> asked = watermarks.ask(name, token, waitMillis);
        answers.give(response, http, waitMillis, asked, answer -> json.response(name, token, answer, isStrict));
    }

    private <T extends JsonNode> void respond(AsyncResponse response, Supplier<CompletionStage<T>> look) {
        if (!watermarks.isServing()) {
            response.resume(Problem.unavailable(watermarks.whyNotServing()));
            return;
        }
        watermarks
                .reports()
                .limited(look)
                .ifPresentOrElse(
                        body -> answers.give(
                                response,
                                body,
                                found -> found,
                                failure -> Problem.unavailable(NOT_TOLD + Reason.of(failure))),
                        () -> response.resume(Problem.tooManyWaiters(TOO_MANY)));
    }
}
