package io.tidemark.relay.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.http.response.ResponseWriter;
import io.tidemark.relay.reason.Reason;
import io.tidemark.relay.source.SharedSourceStatus;
import io.tidemark.relay.watermark.Answer;
import io.tidemark.relay.watermark.ProjectionReports.Requirement;
import io.tidemark.relay.watermark.ProjectionReports.Requirements;
import io.tidemark.relay.watermark.Watermarks;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** {@code GET /v1/tokens/{token}}: how far everything at or below the token has come, stage by stage. */
@Path("/v1/tokens/{token}")
@Produces(MediaType.APPLICATION_JSON)
public final class TokensResource {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final Watermarks watermarks;
    private final RelayState state;
    private final SharedSourceStatus standings;
    private final AnswerJson json;
    private final ResponseWriter answers;

    TokensResource(
            Watermarks watermarks,
            RelayState state,
            SharedSourceStatus standings,
            AnswerJson json,
            ResponseWriter answers) {
        this.watermarks = watermarks;
        this.json = json;
        this.state = state;
        this.standings = standings;
        this.answers = answers;
    }

    @GET
    public void explain(@PathParam("token") String text, @Suspended AsyncResponse response) {
        Token token = Params.token(text);
        if (!watermarks.isServing()) {
            response.resume(Problem.unavailable(watermarks.whyNotServing()));
            return;
        }
        CompletionStage<Object> body =
                watermarks.reports().requirements(token).thenCompose(requirements -> toResponse(token, requirements));
        answers.give(
                response,
                body,
                found -> found,
                failure -> Problem.unavailable("Kafka did not tell the groups' offsets: " + Reason.of(failure)));
    }

    /** Where one projection has no answer for want of room or knowledge, there is none about the token. */
    private CompletionStage<Object> toResponse(Token token, Requirements requirements) {
        Optional<Object> problem = requirements.projections().stream()
                .flatMap(requirement -> AnswerJson.problem(requirement.answer()).stream())
                .findFirst()
                .map(Object.class::cast);
        return problem.<CompletionStage<Object>>map(CompletableFuture::completedFuture)
                .orElseGet(() ->
                        stage(token, requirements.published()).thenApply(stage -> toJson(token, requirements, stage)));
    }

    private ObjectNode toJson(Token token, Requirements requirements, ObjectNode stage) {
        ObjectNode body = JSON.objectNode().put("token", token.toString());
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
            ObjectNode projection = json.of(requirement.projection(), token, requirement.answer());
            projection.set("partitions", AnswerJson.of(requirement.partitions()));
            projections.add(projection);
        }
        return body;
    }

    /** Where the token is: not of this database's history, or between its WAL and Kafka. */
    private CompletionStage<ObjectNode> stage(Token token, Lsn published) {
        Optional<Answer> refusal = watermarks.judge(token);
        if (refusal.isPresent()) {
            return stage(refusal.get().status().word());
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
