// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.http.response.ProblemType;
import io.tidemark.relay.http.response.ResponseWriter;
import io.tidemark.relay.replica.ReplicaAnswer;
import io.tidemark.relay.replica.ReplicaWatermarks;
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
import jakarta.ws.rs.core.Response;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** {@code GET /v1/replicas/{name}/watermark}: whether a standby of the database has replayed up to a token. */
@Path("/v1/replicas/{name}/watermark")
@Produces(MediaType.APPLICATION_JSON)
public final class ReplicasResource {

    private final ReplicaWatermarks replicas;
    private final TokenForm form;
    private final SourcesJson sources;
    private final ResponseWriter answers;

    ReplicasResource(ReplicaWatermarks replicas, TokenForm form, SourcesJson sources, ResponseWriter answers) {
        this.replicas = replicas;
        this.form = form;
        this.sources = sources;
        this.answers = answers;
    }

    @GET
    public void watermark(
            @PathParam("name") String name,
            @QueryParam("token") @Nullable String tokenText,
            @QueryParam("wait") @Nullable String wait,
            @QueryParam("waitMillis") @Nullable String waitMillisText,
            @QueryParam("strict") @Nullable String strict,
            @Context HttpServletRequest http,
            @Suspended AsyncResponse response) {
        if (!replicas.names().contains(name)) {
            throw Problem.of(
                    ProblemType.UNKNOWN_REPLICA, "no replica '" + name + "'; configured are " + replicas.names());
        }
        if (tokenText == null) {
            throw Problem.of(ProblemType.MISSING_PARAMETER, "token is missing");
        }
        Token token = Params.token(form, tokenText);
        boolean isStrict = Params.strict(strict);
        long waitMillis = Params.waitMillis(wait, waitMillisText);
        CompletableFuture<ReplicaAnswer> asked = replicas.ask(name, token, waitMillis);
        answers.give(response, http, waitMillis, asked, answer -> toResponse(name, token, answer, isStrict));
    }

    private Response toResponse(String name, Token token, ReplicaAnswer answer, boolean isStrict) {
        if (answer instanceof ReplicaAnswer.Unavailable unavailable) {
            return Problem.unavailable(unavailable.reason());
        }
        if (answer instanceof ReplicaAnswer.TooManyWaiters tooMany) {
            return Problem.tooManyWaiters(tooMany.limit() + " requests are waiting already (watermark.maxWaiters)");
        }
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("status", answer.status().word())
                .put("code", answer.code());
        if (answer instanceof ReplicaAnswer.Success success) {
            putProgress(json, success.waitedMillis(), success.replayed(), success.timeline());
        } else if (answer instanceof ReplicaAnswer.Behind behind) {
            json.put("phase", "replica");
            putProgress(json, behind.waitedMillis(), behind.replayed(), behind.timeline());
            if (!behind.reason().isEmpty()) {
                json.put("reason", behind.reason());
            }
        } else if (answer instanceof ReplicaAnswer.Refused refused) {
            json.put("reason", refused.reason());
        }
        sources.put(json, token, answer);
        json.put("replica", name).put("token", sources.carryOn(token, answer));
        return Response.status(isStrict ? answer.status().strictHttpStatus() : 200)
                .entity(json)
                .build();
    }

    private static void putProgress(ObjectNode json, long waitedMillis, Lsn replayed, int timeline) {
        json.put("waitedMillis", waitedMillis)
                .put("replayed", replayed.toString())
                .put("timeline", timeline);
    }
}
