// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.response;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;

/** {@code GET /v1/problems}: what the {@code type} of a problem means, and what to do. */
@Path("/v1/problems")
@Produces(MediaType.APPLICATION_JSON)
public final class ProblemsResource {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    @GET
    public ObjectNode list() {
        ObjectNode json = JSON.objectNode();
        ArrayNode problems = json.putArray("problems");
        for (ProblemType type : ProblemType.values()) {
            problems.add(toJson(type));
        }
        return json;
    }

    @GET
    @Path("/{code}")
    public ObjectNode one(@PathParam("code") String code) {
        return ProblemType.of(code)
                .map(ProblemsResource::toJson)
                .orElseThrow(() -> Problem.of(
                        ProblemType.UNKNOWN_PROBLEM, "there is no such problem type; GET /v1/problems lists all"));
    }

    private static ObjectNode toJson(ProblemType type) {
        return JSON.objectNode()
                .put("type", type.uri())
                .put("code", type.code())
                .put("title", type.title())
                .put("status", type.status())
                .put("meaning", type.meaning())
                .put("fix", type.fix());
    }
}
