// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.http.response.ResponseWriter;
import io.tidemark.relay.source.SharedSourceStatus;
import io.tidemark.relay.source.SourceStatus;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.MediaType;
import java.time.LocalDate;
import java.util.Locale;

/**
 * {@code GET /v1/source}: the database, how far its events are published, and the state of this replica with the
 * reason.
 */
@Path("/v1/source")
@Produces(MediaType.APPLICATION_JSON)
public final class SourceResource {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final RelayState state;
    private final SharedSourceStatus shared;
    private final String slotName;
    private final ResponseWriter answers;

    public SourceResource(RelayState state, SharedSourceStatus shared, String slotName, ResponseWriter answers) {
        this.state = state;
        this.shared = shared;
        this.slotName = slotName;
        this.answers = answers;
    }

    @GET
    public void source(@Suspended AsyncResponse response) {
        answers.give(
                response,
                shared.now(),
                status -> relay().setAll(server(status)),
                failure -> relay().setAll(silent(failure)));
    }

    private ObjectNode relay() {
        RelayState.Snapshot now = state.snapshot();
        ObjectNode json = JSON.objectNode()
                .put("role", now.role())
                .put("state", now.phase().name().toLowerCase(Locale.ROOT))
                .put("reason", now.reason())
                .put("since", now.since().toString());
        now.identity()
                .ifPresent(identity -> json.put("source", identity.sourceId())
                        .put("systemIdentifier", identity.systemIdentifier())
                        .put("database", identity.database())
                        .put("timeline", identity.timeline()));
        ObjectNode audit = json.putObject("audit");
        audit.put(
                "accountedUpTo",
                now.audit().accountedUpTo().map(LocalDate::toString).orElse(null));
        ArrayNode unaccounted = audit.putArray("unaccounted");
        now.audit()
                .unaccounted()
                .forEach(day ->
                        unaccounted.addObject().put("day", day.day().toString()).put("rows", day.rows()));
        return json.put("captured", now.captured().toString())
                .put("published", now.published().toString())
                .put("confirmed", now.confirmed().toString())
                .put("deadLettersWritten", state.deadLettersWritten())
                .put("ignoredChanges", now.ignoredChanges());
    }

    private ObjectNode server(SourceStatus status) {
        ObjectNode json = JSON.objectNode().put("walHead", status.walHead().toString());
        ObjectNode slotJson = json.putObject("slot")
                .put("name", slotName)
                .put("exists", status.slot().isPresent());
        status.slot()
                .ifPresent(slot -> slotJson.put("walStatus", slot.walStatus())
                        .put("active", slot.activePid().isPresent())
                        .put("confirmed", slot.confirmed().toString()));
        return json;
    }

    private ObjectNode silent(Throwable failure) {
        ObjectNode json = JSON.objectNode().put("walHead", (String) null).put("databaseError", failure.getMessage());
        json.putObject("slot").put("name", slotName);
        return json;
    }
}
