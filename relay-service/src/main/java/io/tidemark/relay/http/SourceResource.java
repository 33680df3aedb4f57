package io.tidemark.relay.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.source.SourceStandings;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.Locale;

/** {@code GET /v1/source}: the database, how far its events have come, and what this replica is doing and why. */
@Path("/v1/source")
@Produces(MediaType.APPLICATION_JSON)
public final class SourceResource {

    private final RelayState state;
    private final SourceStandings standings;
    private final String slotName;

    public SourceResource(RelayState state, SourceStandings standings, String slotName) {
        this.state = state;
        this.standings = standings;
        this.slotName = slotName;
    }

    @GET
    public ObjectNode source() {
        RelayState.Snapshot now = state.snapshot();
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("role", now.role())
                .put("state", now.phase().name().toLowerCase(Locale.ROOT))
                .put("reason", now.reason())
                .put("since", now.since().toString());
        now.identity()
                .ifPresent(identity -> json.put("source", identity.sourceId())
                        .put("systemIdentifier", identity.systemIdentifier())
                        .put("database", identity.database())
                        .put("timeline", identity.timeline()));
        json.put("captured", now.captured().toString())
                .put("published", now.published().toString())
                .put("confirmed", now.confirmed().toString())
                .put("deadLettersWritten", state.deadLettersWritten())
                .put("ignoredChanges", now.ignoredChanges());
        putServer(json);
        return json;
    }

    private void putServer(ObjectNode json) {
        ObjectNode slotJson = JsonNodeFactory.instance.objectNode().put("name", slotName);
        try {
            SourceDatabase.Standing standing = standings.now();
            json.put("walHead", standing.walHead().toString());
            slotJson.put("exists", standing.slot().isPresent());
            standing.slot()
                    .ifPresent(slot -> slotJson.put("walStatus", slot.walStatus())
                            .put("active", slot.activePid().isPresent())
                            .put("confirmed", slot.confirmed().toString()));
        } catch (SourceNotReady e) {
            json.put("walHead", (String) null).put("databaseError", e.getMessage());
        }
        json.set("slot", slotJson);
    }
}
