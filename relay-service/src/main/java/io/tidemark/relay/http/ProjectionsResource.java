// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.http.response.ProblemType;
import io.tidemark.relay.http.response.ResponseWriter;
import io.tidemark.relay.question.Question;
import io.tidemark.relay.question.Questions;
import io.tidemark.relay.reason.Reason;
import io.tidemark.relay.timeline.JudgedToken;
import io.tidemark.relay.watermark.Answer;
import io.tidemark.relay.watermark.ProjectionStanding;
import io.tidemark.relay.watermark.TokenRequirements;
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
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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

    private static final String NOT_TOLD = "Kafka did not return the group's offsets: ";
    /** When 0.2 was announced: 2026-11-29, in seconds since 1970 (RFC 9745). */
    private static final String DEPRECATED_SINCE = "@1795910400";

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final Watermarks watermarks;
    private final Questions questions;
    private final TokenForm form;
    private final AnswerJson json;
    private final ResponseWriter answers;

    ProjectionsResource(
            Watermarks watermarks, Questions questions, TokenForm form, AnswerJson json, ResponseWriter answers) {
        this.watermarks = watermarks;
        this.questions = questions;
        this.form = form;
        this.json = json;
        this.answers = answers;
    }

    /**
     * All projections, in the order of the configuration. If Kafka does not answer for one group, only its projection
     * is unknown.
     */
    @GET
    public void list(@Suspended AsyncResponse response) {
        respond(response, () -> listing(watermarks));
    }

    /** The body of the answer. */
    public static CompletionStage<JsonNode> listing(Watermarks watermarks) {
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

    /** The standing of one projection. */
    @GET
    @Path("/{name}")
    public void standing(@PathParam("name") String name, @Suspended AsyncResponse response) {
        requireKnown(name);
        respond(response, () -> watermarks.reports().standing(name).thenApply(this::withToken));
    }

    private void requireKnown(String name) {
        if (!watermarks.names().contains(name)) {
            throw Problem.of(
                    ProblemType.UNKNOWN_PROJECTION,
                    "no projection '" + Params.shortened(name) + "'; configured are " + watermarks.names());
        }
    }

    /** Whether the projection has caught up. Without a question, its standing, as before 0.2. */
    @GET
    @Path("/{name}/watermark")
    public void watermark(
            @PathParam("name") String name,
            @QueryParam("token") @Nullable String token,
            @QueryParam("maxStaleness") @Nullable String maxStaleness,
            @QueryParam("maxStalenessMillis") @Nullable String maxStalenessMillis,
            @QueryParam("wait") @Nullable String wait,
            @QueryParam("waitMillis") @Nullable String waitMillisText,
            @QueryParam("strict") @Nullable String strict,
            @Context HttpServletRequest http,
            @Suspended AsyncResponse response) {
        requireKnown(name);
        long waitMillis = Params.waitMillis(wait, waitMillisText);
        boolean isStrict = Params.strict(strict);
        Optional<Question> question = Params.question(form, token, maxStaleness, maxStalenessMillis);
        if (question.isEmpty()) {
            requireAbsent("wait", wait);
            requireAbsent("waitMillis", waitMillisText);
            requireAbsent("strict", strict);
            respond(
                    response,
                    () -> watermarks
                            .reports()
                            .standing(name)
                            .thenApply(AnswerJson::of)
                            .thenApply(standing -> deprecated(name, standing)));
            return;
        }
        answers.give(
                response,
                http,
                waitMillis,
                questions.ask(name, question.get(), waitMillis),
                outcome -> json.response(name, outcome, isStrict));
    }

    private static void requireAbsent(String parameter, @Nullable String value) {
        if (value != null) {
            throw Problem.of(
                    ProblemType.CONFLICTING_PARAMETERS,
                    parameter + " is of use only with token or maxStaleness; add token=…, or leave it out to see where"
                            + " the projection stands");
        }
    }

    /** RFC 9745 and RFC 8594: this form of the path goes away, and what replaces it. */
    private static Response deprecated(String name, JsonNode standing) {
        return Response.ok(standing)
                .header("Deprecation", DEPRECATED_SINCE)
                .header(HttpHeaders.LINK, "</v1/projections/" + name + ">; rel=\"successor-version\"")
                .build();
    }

    /** What each partition needs for the token, by the index alone: asks no group. */
    @GET
    @Path("/{name}/needs")
    public void needs(
            @PathParam("name") String name,
            @QueryParam("token") @Nullable String tokenText,
            @QueryParam("strict") @Nullable String strict,
            @Suspended AsyncResponse response) {
        requireKnown(name);
        if (tokenText == null) {
            throw Problem.of(ProblemType.MISSING_PARAMETER, "token is missing");
        }
        Token token = Params.token(form, tokenText);
        boolean isStrict = Params.strict(strict);
        respond(
                response,
                () -> watermarks
                        .requirements()
                        .withoutGroups(token, List.of(name))
                        .thenApply(found -> needs(token, found, isStrict)));
    }

    /** With a token of everything that was published, so that a caller can ask what it needs. */
    private ObjectNode withToken(ProjectionStanding standing) {
        ObjectNode body = AnswerJson.of(standing);
        watermarks
                .served()
                .ifPresent(identity -> body.put(
                        "token", form.write(Token.of(identity.sourceId(), identity.timeline(), standing.published()))));
        return body;
    }

    private Response needs(Token token, TokenRequirements.Requirements found, boolean isStrict) {
        TokenRequirements.Requirement requirement = found.projections().get(0);
        ObjectNode body = JSON.objectNode();
        int httpStatus = 200;
        if (requirement.answer().isPresent()) {
            Answer answer = requirement.answer().get();
            body.setAll(json.of(requirement.projection(), token, answer));
            body.put("token", json.carryOn(token, answer));
            httpStatus = AnswerJson.httpStatus(answer, isStrict);
        } else {
            body.put("status", "known").put("code", "known").put("projection", requirement.projection());
            body.put("token", json.text(JudgedToken.carryOn(token)));
        }
        body.put("published", found.published().toString());
        body.set("partitions", AnswerJson.of(requirement.partitions(), found.topicIds()));
        return Response.status(httpStatus).entity(body).build();
    }

    private <T> void respond(AsyncResponse response, Supplier<CompletionStage<T>> look) {
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
