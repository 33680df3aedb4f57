// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.DeadLetters;
import io.tidemark.outbox.EventHeaders;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Position;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.relay.deadletter.DeadLetter;
import io.tidemark.relay.explain.CommittedRow;
import io.tidemark.relay.explain.EventTrace;
import io.tidemark.relay.explain.EventTrace.Found;
import io.tidemark.relay.explain.EventTrace.Stage;
import io.tidemark.relay.explain.EventTracer;
import io.tidemark.relay.explain.SearchFrom;
import io.tidemark.relay.group.PartitionNeed;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.http.response.ProblemType;
import io.tidemark.relay.http.response.ResponseWriter;
import io.tidemark.relay.reason.Reason;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.watermark.ProjectionReports;
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
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code GET /v1/events/{id}}: where one event is, stage by stage, and which projections have consumed it. */
@Path("/v1/events/{id}")
@Produces(MediaType.APPLICATION_JSON)
public final class EventsResource {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final Pattern UUID_FORM =
            Pattern.compile("[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}");
    private static final long MOST_SECONDS = 25;

    private final EventTracer tracer;
    private final ProjectionReports reports;
    private final RelayState state;
    private final TokenForm form;
    private final ResponseWriter answers;

    public EventsResource(
            EventTracer tracer, ProjectionReports reports, RelayState state, TokenForm form, ResponseWriter answers) {
        this.tracer = tracer;
        this.reports = reports;
        this.state = state;
        this.form = form;
        this.answers = answers;
    }

    @GET
    public void explain(
            @PathParam("id") String text,
            @QueryParam("topic") @Nullable String topic,
            @QueryParam("since") @Nullable String since,
            @Suspended AsyncResponse response) {
        if (!UUID_FORM.matcher(text).matches()) {
            throw Problem.of(
                    ProblemType.MALFORMED_PARAMETER,
                    "event id '" + Params.shortened(text)
                            + "' is not a UUID; write the id that outbox.publish returned");
        }
        Optional<SearchFrom> place = Params.place(topic, since);
        if (topic != null && !tracer.mayLookInto(topic)) {
            throw Problem.of(
                    ProblemType.MALFORMED_PARAMETER,
                    "topic '" + topic + "' is not one of this outbox: no route writes it and no projection"
                            + " declares it, so the relay does not read it for anybody; name the topic that the event's route"
                            + " writes");
        }
        CompletionStage<ObjectNode> body = tracer.trace(UUID.fromString(text), place)
                .thenCompose(this::withConsumers)
                .toCompletableFuture()
                .orTimeout(MOST_SECONDS, TimeUnit.SECONDS);
        answers.give(response, body, json -> json, EventsResource::problem);
    }

    private CompletionStage<ObjectNode> withConsumers(EventTrace trace) {
        if (trace.stage() == Stage.NOWHERE) {
            throw Problem.of(
                    ProblemType.UNKNOWN_EVENT,
                    "no event " + trace.id() + " in the outbox, nor among the dead letters: it"
                            + " was never committed, or its row was removed (by cleanup, after outbox.retention) since it was"
                            + " published, or it has no row in outbox.event (outbox.emit(), or another outbox.table); name the topic"
                            + " that it would be in, with topic and since, to look there");
        }
        CompletionStage<Map<String, PartitionNeed>> consumers = trace.record()
                .map(found -> reports.consumersOf(found.partition(), found.offset()))
                .orElseGet(() -> CompletableFuture.completedFuture(Map.of()));
        return consumers.thenApply(needs -> toJson(trace, needs));
    }

    private static Object problem(Throwable cause) {
        if (cause instanceof jakarta.ws.rs.WebApplicationException ours) {
            return ours.getResponse();
        }
        if (cause instanceof EventTracer.Busy) {
            return Problem.retryLater(ProblemType.TOO_MANY_SEARCHES, String.valueOf(cause.getMessage()));
        }
        return Problem.unavailable("it could not be looked for: " + Reason.of(cause));
    }

    private ObjectNode toJson(EventTrace trace, Map<String, PartitionNeed> needs) {
        RelayState.Snapshot now = state.snapshot();
        ObjectNode json = JSON.objectNode().put("id", trace.id().toString());
        json.put("stage", word(trace, now));
        if (!trace.reason().isEmpty()) {
            json.put("reason", trace.reason());
        }
        json.set("row", trace.row().map(EventsResource::toJson).orElse(null));
        trace.record().ifPresent(found -> putRecord(json, found, now));
        trace.deadLetter().ifPresent(letter -> json.set("deadLetter", toJson(letter)));
        json.putObject("relay")
                .put("role", now.role())
                .put("state", now.phase().name().toLowerCase(Locale.ROOT))
                .put("reason", now.reason());
        ArrayNode projections = json.putArray("projections");
        needs.forEach((name, need) -> {
            ObjectNode projection =
                    JSON.objectNode().put("projection", name).put("consumed", need.have() >= need.need());
            projection.set("partitions", AnswerJson.of(List.of(need)));
            projections.add(projection);
        });
        return json;
    }

    /**
     * Distinguishes captured from written: a committed event that is not published may have been read from the stream.
     */
    private static String word(EventTrace trace, RelayState.Snapshot now) {
        boolean isCaptured = trace.stage() == Stage.WRITTEN
                && trace.row()
                        .filter(row -> now.captured().isAtLeast(row.writtenUpTo()))
                        .isPresent();
        return isCaptured
                ? "captured"
                : trace.stage().name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static ObjectNode toJson(CommittedRow row) {
        return JSON.objectNode()
                .put("aggregateType", row.aggregateType())
                .put("aggregateId", row.aggregateId())
                .put("type", row.eventType())
                .put("createdAt", row.createdAt().toString());
    }

    private void putRecord(ObjectNode json, Found found, RelayState.Snapshot now) {
        ObjectNode record = json.putObject("record")
                .put("topic", found.partition().topic())
                .put("partition", found.partition().partition())
                .put("offset", found.offset())
                .put("timestamp", Instant.ofEpochMilli(found.timestampMillis()).toString());
        ArrayNode headers = record.putArray("headers"); // names may repeat
        found.headers()
                .forEach(
                        header -> headers.addObject().put("name", header.name()).put("value", header.text()));
        found.position().ifPresent(position -> {
            record.put("position", position.toString());
            now.identity().ifPresent(identity -> json.put("token", token(identity, position)));
            OptionalLong since =
                    reports.publishedAfter(new Lsn(position.commitLsn().value() - 1));
            json.put(
                    "publishedAt",
                    since.isEmpty()
                            ? null
                            : Instant.ofEpochMilli(since.getAsLong()).toString());
        });
    }

    /** The token that the writer could have taken immediately after its commit. */
    private String token(SourceIdentity identity, Position position) {
        return form.write(Token.of(identity.sourceId(), position.timeline(), position.commitLsn()));
    }

    private static ObjectNode toJson(DeadLetter letter) {
        return JSON.objectNode()
                .put("key", letter.key())
                .put("topic", letter.header(DeadLetters.INTENDED_TOPIC).orElse(""))
                .put("reason", letter.header(DeadLetters.REASON).orElse(""))
                .put("position", letter.header(EventHeaders.POSITION).orElse(""));
    }
}
