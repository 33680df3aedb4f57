// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.Lsn;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * {@code GET /v1/source}: the database, how far its events are published, and the state of this replica with the
 * reason.
 */
@Path("/v1/source")
@Produces(MediaType.APPLICATION_JSON)
public final class SourceResource {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private static final String VERSION = version();
    private static final String SILENT = "Postgres did not answer in time";

    private final String replica;
    private final RelayState state;
    private final SharedSourceStatus shared;
    private final String slotName;
    private final ResponseWriter answers;

    /** @param replica names this process among the replicas */
    public SourceResource(
            String replica, RelayState state, SharedSourceStatus shared, String slotName, ResponseWriter answers) {
        this.replica = replica;
        this.state = state;
        this.shared = shared;
        this.slotName = slotName;
        this.answers = answers;
    }

    private static String version() {
        String version = SourceResource.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    @GET
    public void source(@Suspended AsyncResponse response) {
        answers.give(response, shared.now(), this::body, this::body);
    }

    /**
     * The body of the answer, for others than the caller of the path.
     *
     * @param millis after which the database counts as silent
     */
    public CompletableFuture<ObjectNode> body(long millis) {
        return shared.now()
                .orTimeout(millis, TimeUnit.MILLISECONDS)
                .handle((status, failure) -> failure == null ? body(status) : body(ResponseWriter.cause(failure)));
    }

    private ObjectNode body(SourceStatus status) {
        return relay().setAll(server(status));
    }

    private ObjectNode body(Throwable failure) {
        return relay().setAll(silent(failure));
    }

    private ObjectNode relay() {
        RelayState.Snapshot now = state.snapshot();
        ObjectNode json = JSON.objectNode()
                .put("replica", replica)
                .put("version", VERSION)
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
        ObjectNode json = JSON.objectNode()
                .put("walHead", status.walHead().toString())
                .put("sentLsn", status.sent().map(Lsn::toString).orElse(null));
        ObjectNode slotJson = json.putObject("slot")
                .put("name", slotName)
                .put("exists", status.slot().isPresent());
        status.slot().ifPresent(slot -> {
            slotJson.put("walStatus", slot.walStatus())
                    .put("active", slot.activePid().isPresent())
                    .put("confirmed", slot.confirmed().toString());
            slot.retainedBytes().ifPresent(bytes -> slotJson.put("retainedBytes", Math.max(0, bytes)));
            slot.safeBytes().ifPresent(bytes -> slotJson.put("safeBytes", bytes));
        });
        return json;
    }

    private ObjectNode silent(Throwable failure) {
        ObjectNode json = JSON.objectNode()
                .put("walHead", (String) null)
                .put("databaseError", failure instanceof TimeoutException ? SILENT : failure.getMessage());
        json.putObject("slot").put("name", slotName);
        return json;
    }
}
