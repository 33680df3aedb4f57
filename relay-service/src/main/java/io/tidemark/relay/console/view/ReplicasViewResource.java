// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.view;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.relay.console.history.HistoryResource;
import io.tidemark.relay.http.ProjectionsResource;
import io.tidemark.relay.http.SourceResource;
import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.http.response.ResponseWriter;
import io.tidemark.relay.reason.Reason;
import io.tidemark.relay.watermark.Watermarks;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** {@code GET /v1/replicas-view}: what all replicas say, and what follows from it. */
@Path("/v1/replicas-view")
@Produces(MediaType.APPLICATION_JSON)
public final class ReplicasViewResource implements AutoCloseable {

    /** A database that does not answer must not keep a person from reading why. */
    private static final long SELF_MILLIS = 2_000;

    private static final int HISTORY_MINUTES = 5;

    private final SourceResource source;
    private final Watermarks watermarks;
    private final HistoryResource history;
    private final ResponseWriter answers;
    private final Replicas replicas;
    private final Freshness freshness = new Freshness();

    /** @param peers {@code host:port} of the other replicas */
    public ReplicasViewResource(
            List<String> peers,
            SourceResource source,
            Watermarks watermarks,
            HistoryResource history,
            ResponseWriter answers) {
        this.source = source;
        this.watermarks = watermarks;
        this.history = history;
        this.answers = answers;
        this.replicas = new Replicas(peers, this::self);
    }

    @GET
    public void view(
            @HeaderParam(HttpHeaders.AUTHORIZATION) @Nullable String authorization, @Suspended AsyncResponse response) {
        answers.give(
                response,
                replicas.ask(Optional.ofNullable(authorization)),
                this::body,
                failure -> Problem.unavailable("the replicas could not be asked: " + Reason.of(failure)));
    }

    private CompletableFuture<ReplicaReply> self() {
        long begun = System.nanoTime();
        CompletableFuture<Projections> projections = projections();
        return source.body(SELF_MILLIS)
                .thenCombine(
                        projections,
                        (body, found) -> new ReplicaReply(
                                "",
                                true,
                                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun),
                                Optional.of(body),
                                found.body(),
                                Optional.of(history.body(HISTORY_MINUTES)),
                                "",
                                found.problem()));
    }

    private record Projections(Optional<JsonNode> body, String problem) {}

    private CompletableFuture<Projections> projections() {
        if (!watermarks.isServing()) {
            return CompletableFuture.completedFuture(new Projections(Optional.empty(), watermarks.whyNotServing()));
        }
        Optional<CompletionStage<JsonNode>> asked =
                watermarks.reports().limited(() -> ProjectionsResource.listing(watermarks));
        if (asked.isEmpty()) {
            return CompletableFuture.completedFuture(
                    new Projections(Optional.empty(), "too many requests are being answered (watermark.maxWaiters)"));
        }
        return asked.get()
                .toCompletableFuture()
                .copy()
                .orTimeout(SELF_MILLIS, TimeUnit.MILLISECONDS)
                .handle((body, failure) -> failure == null
                        ? new Projections(Optional.of(body), "")
                        : new Projections(Optional.empty(), "Kafka did not report on the groups in time"));
    }

    private ObjectNode body(Deployment deployment) {
        long now = deployment.atMillis();
        List<Finding> findings = Findings.of(deployment);
        OptionalDouble fresh =
                deployment.active().map(active -> freshness.of(active, now)).orElse(OptionalDouble.empty());
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("at", Instant.ofEpochMilli(now).toString());
        json.set("headline", Headline.of(deployment, findings, fresh).json());
        json.set("bottleneck", Bottleneck.of(deployment).json());
        json.set("slot", SlotOutlook.of(deployment.best()).json());
        ArrayNode list = json.putArray("findings");
        findings.forEach(finding -> list.add(finding.json()));
        ArrayNode all = json.putArray("replicas");
        deployment.replicas().forEach(replica -> all.add(replica.json(now)));
        return json;
    }

    @Override
    public void close() {
        replicas.close();
    }
}
