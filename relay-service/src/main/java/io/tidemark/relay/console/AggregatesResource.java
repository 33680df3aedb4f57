// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.relay.explain.AggregateEvents;
import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.http.response.ResponseWriter;
import io.tidemark.relay.reason.Reason;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.MediaType;

/** {@code GET /v1/aggregates/{type}/{id}/events}: the last events of an aggregate that still have a row. */
@Path("/v1/aggregates/{type}/{id: .+}/events")
@Produces(MediaType.APPLICATION_JSON)
public final class AggregatesResource {

    private final AggregateEvents events;
    private final Searches searches;
    private final ResponseWriter answers;

    AggregatesResource(AggregateEvents events, Searches searches, ResponseWriter answers) {
        this.events = events;
        this.searches = searches;
        this.answers = answers;
    }

    @GET
    public void events(@PathParam("type") String type, @PathParam("id") String id, @Suspended AsyncResponse response) {
        answers.give(
                response,
                searches.run(() -> events.last(type, id)),
                found -> body(type, id, found),
                failure -> Problem.unavailable("the outbox could not be read: " + Reason.of(failure)));
    }

    private static ObjectNode body(String type, String id, AggregateEvents.Found found) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("aggregateType", type)
                .put("aggregateId", id)
                .put("complete", found.isComplete());
        if (!found.note().isEmpty()) {
            json.put("note", found.note());
        }
        ArrayNode list = json.putArray("events");
        found.rows().forEach(row -> {
            ObjectNode event = list.addObject()
                    .put("id", row.id().toString())
                    .put("type", row.eventType())
                    .put("createdAt", row.createdAt().toString());
            ObjectNode headers = event.putObject("headers");
            row.headers().forEach(headers::put);
        });
        return json;
    }
}
