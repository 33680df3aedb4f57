// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.http.response.ProblemType;
import io.tidemark.relay.http.response.ResponseWriter;
import io.tidemark.relay.reason.Reason;
import io.tidemark.relay.source.SharedSourceStatus;
import io.tidemark.relay.watermark.Answer;
import io.tidemark.relay.watermark.TokenRequirements;
import io.tidemark.relay.watermark.TokenRequirements.Requirement;
import io.tidemark.relay.watermark.TokenRequirements.Requirements;
import io.tidemark.relay.watermark.Watermarks;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** {@code GET /v1/tokens/{token}}: how far everything at or below the token is, stage by stage. */
@Path("/v1/tokens/{token}")
@Produces(MediaType.APPLICATION_JSON)
public final class TokensResource {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final Watermarks watermarks;
    private final TokenForm form;
    private final RelayState state;
    private final SharedSourceStatus standings;
    private final AnswerJson json;
    private final ResponseWriter answers;

    TokensResource(
            Watermarks watermarks,
            TokenForm form,
            RelayState state,
            SharedSourceStatus standings,
            AnswerJson json,
            ResponseWriter answers) {
        this.watermarks = watermarks;
        this.form = form;
        this.json = json;
        this.state = state;
        this.standings = standings;
        this.answers = answers;
    }

    /** With {@code groups=false}, answers from the index alone, without Kafka. */
    @GET
    public void explain(
            @PathParam("token") String text,
            @QueryParam("projection") @Nullable String projection,
            @QueryParam("groups") @Nullable String groups,
            @Suspended AsyncResponse response) {
        Token token = Params.token(form, text);
        boolean withGroups = Params.flag("groups", groups, true);
        if (projection != null && !watermarks.names().contains(projection)) {
            throw Problem.of(
                    ProblemType.UNKNOWN_PROJECTION,
                    "no projection '" + Params.shortened(projection) + "'; configured are " + watermarks.names());
        }
        if (!watermarks.isServing()) {
            response.resume(Problem.unavailable(watermarks.whyNotServing()));
            return;
        }
        List<String> names = projection == null ? watermarks.names() : List.of(projection);
        TokenRequirements requirements = watermarks.requirements();
        CompletionStage<Requirements> asked;
        if (withGroups) { // each question about a group counts by itself
            asked = requirements.withGroups(token, names);
        } else {
            Optional<CompletionStage<Requirements>> look =
                    watermarks.reports().limited(() -> requirements.withoutGroups(token, names));
            if (look.isEmpty()) {
                response.resume(Problem.tooManyWaiters(ProjectionsResource.TOO_MANY));
                return;
            }
            asked = look.get();
        }
        answers.give(
                response,
                asked.thenCompose(found -> toResponse(token, found)),
                found -> found,
                failure -> Problem.unavailable("the token cannot be explained: " + Reason.of(failure)));
    }

    /** If one projection has no answer because of a limit, the whole response is that problem. */
    private CompletionStage<Object> toResponse(Token token, Requirements requirements) {
        Optional<Object> problem = requirements.projections().stream()
                .flatMap(requirement -> requirement.answer().stream())
                .filter(Answer.TooManyWaiters.class::isInstance)
                .flatMap(answer -> AnswerJson.problem(answer).stream())
                .findFirst()
                .map(Object.class::cast);
        return problem.<CompletionStage<Object>>map(CompletableFuture::completedFuture)
                .orElseGet(() ->
                        stage(token, requirements.published()).thenApply(stage -> toJson(token, requirements, stage)));
    }

    private ObjectNode toJson(Token token, Requirements requirements, ObjectNode stage) {
        ObjectNode body = JSON.objectNode().put("token", form.write(token));
        ArrayNode parts = body.putArray("parts");
        token.parts()
                .forEach(part -> parts.addObject()
                        .put("source", part.source())
                        .put("timeline", part.timeline())
                        .put("lsn", part.lsn().toString()));
        body.setAll(stage);
        body.put("published", requirements.published().toString());
        ArrayNode projections = body.putArray("projections");
        for (Requirement requirement : requirements.projections()) {
            ObjectNode projection = requirement
                    .answer()
                    .map(answer -> json.of(requirement.projection(), token, answer))
                    .orElseGet(() -> JSON.objectNode().put("projection", requirement.projection()));
            projection.set("partitions", AnswerJson.of(requirement.partitions(), requirements.topicIds()));
            projections.add(projection);
        }
        return body;
    }

    /** The stage of the token: refused, published, or between the database's WAL and Kafka. */
    private CompletionStage<ObjectNode> stage(Token token, Lsn published) {
        Optional<Answer> refusal = watermarks.judge(token);
        if (refusal.isPresent()) {
            String carryOn = json.carryOn(token, refusal.get());
            return stage(refusal.get().status().word()).thenApply(stage -> stage.put("carryOn", carryOn));
        }
        Lsn lsn = token.parts().stream().map(Token.Part::lsn).reduce(Lsn.ZERO, Lsn::max);
        if (published.isAtLeast(lsn)) {
            OptionalLong since = lsn.equals(Lsn.ZERO)
                    ? OptionalLong.empty()
                    : watermarks.reports().publishedAfter(new Lsn(lsn.value() - 1));
            String publishedAt = since.isEmpty()
                    ? null
                    : Instant.ofEpochMilli(since.getAsLong()).toString();
            return stage("published").thenApply(stage -> stage.put("publishedAt", publishedAt));
        }
        if (state.snapshot().captured().isAtLeast(lsn)) {
            return stage("captured");
        }
        return standings
                .now()
                .handle((standing, failure) -> failure == null
                        ? JSON.objectNode()
                                .put("stage", standing.walInsert().isAtLeast(lsn) ? "written" : "ahead")
                                .put("walHead", standing.walHead().toString())
                        : JSON.objectNode()
                                .put("stage", "unknown")
                                .put(
                                        "databaseError",
                                        ResponseWriter.cause(failure).getMessage()));
    }

    private static CompletionStage<ObjectNode> stage(String name) {
        return CompletableFuture.completedFuture(JSON.objectNode().put("stage", name));
    }
}
