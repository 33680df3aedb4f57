// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.server;

import com.fasterxml.jackson.databind.JsonNode;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Unit;
import io.tidemark.relay.http.response.ResponseWriter;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import java.lang.reflect.AnnotatedElement;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Counts and times the requests to the API. Counts questions whether a projection has caught up also by their answer.
 * Sees the answers that the caller receives. On HTTP threads.
 */
public final class RequestFilter implements ContainerRequestFilter, ContainerResponseFilter {

    private static final double[] BUCKETS = {.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30};
    private static final String BEGAN = "tidemark.began";
    private static final String ROUTE = "tidemark.route";
    private static final String WATERMARK = "/v1/projections/{name}/watermark";
    private static final String WAIT = "/v1/wait";
    private static final String GATE = "/v1/gate/{projection}";
    /** In place of a projection, if the answer is about the request as a whole. */
    private static final String SEVERAL = "several";

    /** In place of {@code timeout}, if no wait was requested: for a client that polls, this is not a problem. */
    private static final String NOT_YET = "not_yet";

    private static final List<String> QUESTIONS = List.of("token", "maxStaleness", "maxStalenessMillis");

    private final Histogram requests;
    private final Counter waits;
    private final Histogram waitSeconds;
    private final Counter gates;

    @Context
    private @Nullable ResourceInfo resource;

    public RequestFilter(PrometheusRegistry registry, List<String> projections) {
        requests = Histogram.builder()
                .name("tidemark_http_request_duration")
                .unit(Unit.SECONDS)
                .help("Requests to the API, by route and class of status; those that wait take as long as they wait.")
                .labelNames("route", "code")
                .classicOnly()
                .classicUpperBounds(BUCKETS)
                .withoutExemplars()
                .register(registry);
        waits = Counter.builder()
                .name("tidemark_wait_requests")
                .help("Questions whether a projection has caught up with a token, by the answer: a status of the API,"
                        + " not_yet (no wait was asked for), gone (the client did not stay), too_many (429) or unavailable"
                        + " (503).")
                .labelNames("projection", "outcome")
                .register(registry);
        waitSeconds = Histogram.builder()
                .name("tidemark_wait_duration")
                .unit(Unit.SECONDS)
                .help("How long those questions took, by the answer.")
                .labelNames("outcome")
                .classicOnly()
                .classicUpperBounds(BUCKETS)
                .withoutExemplars()
                .register(registry);
        gates = Counter.builder()
                .name("tidemark_gate_requests")
                .help("Requests to the read gate, by what the gate found (Tidemark-Status, or gone if the client did"
                        + " not stay) and by its decision: passed, refused, or gone.")
                .labelNames("projection", "status", "decision")
                .register(registry);
        for (String projection : projections) { // start at 0, otherwise the first increase would not be visible
            waits.initLabelValues(projection, "success");
            waits.initLabelValues(projection, "timeout");
            gates.initLabelValues(projection, "success", "passed");
            gates.initLabelValues(projection, "timeout", "passed");
        }
    }

    @Override
    public void filter(ContainerRequestContext request) {
        request.setProperty(BEGAN, System.nanoTime());
        request.setProperty(ROUTE, route());
    }

    /** The path as declared, so that the number of labels is that of the methods. */
    private String route() {
        if (resource == null || resource.getResourceMethod() == null) {
            return "none";
        }
        return path(resource.getResourceClass()) + path(resource.getResourceMethod());
    }

    private static String path(AnnotatedElement declared) {
        Path path = declared.getAnnotation(Path.class);
        return path == null ? "" : path.value();
    }

    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        if (!(request.getProperty(BEGAN) instanceof Long began)
                || !(request.getProperty(ROUTE) instanceof String route)) {
            return; // no route matched
        }
        double seconds = (System.nanoTime() - began) / 1e9;
        answered(route, response.getStatus(), seconds);
        boolean waited = request.getProperty(ResponseWriter.WAIT_MILLIS) instanceof Long wait && wait > 0;
        if (route.equals(WATERMARK) && isQuestion(request)) {
            String projection = request.getUriInfo().getPathParameters().getFirst("name");
            String outcome = outcome(response.getEntity(), response.getStatus());
            count(outcome(outcome, waited), projection == null ? SEVERAL : projection, seconds);
        } else if (route.equals(WAIT)) {
            countSeveral(response, waited, seconds);
        }
    }

    /** The deprecated form of the path without a question returns the standing. */
    private static boolean isQuestion(ContainerRequestContext request) {
        return QUESTIONS.stream().anyMatch(request.getUriInfo().getQueryParameters()::containsKey);
    }

    /** Counts a wait for a projection that did not pass through this filter. */
    public void waited(String projection, Response response, long tookNanos) {
        double seconds = tookNanos / 1e9;
        answered(WATERMARK, response.getStatus(), seconds);
        count(outcome(response.getEntity(), response.getStatus()), projection, seconds);
    }

    /**
     * Counts a request to the gate.
     *
     * @param projection empty if the request named none
     */
    public void passedGate(String projection, String status, int httpStatus, long tookNanos) {
        answered(GATE, httpStatus, tookNanos / 1e9);
        if (!projection.isEmpty()) {
            String refusal = status.equals("gone") ? "gone" : "refused";
            gates.labelValues(projection, status, httpStatus == 200 ? "passed" : refusal)
                    .inc();
        }
    }

    private static String outcome(String answered, boolean waited) {
        return answered.equals("timeout") && !waited ? NOT_YET : answered;
    }

    public void answered(String route, int status, double seconds) {
        requests.labelValues(route, status / 100 + "xx").observe(seconds);
    }

    /** Empty if the request was not a question: it was malformed, or was not about a projection. */
    private static String outcome(@Nullable Object entity, int status) {
        if (entity instanceof JsonNode json && json.path("status").isTextual()) {
            return json.path("status").textValue();
        }
        return switch (status) {
            case 429 -> "too_many";
            case 499 -> "gone";
            case 503 -> "unavailable";
            default -> "";
        };
    }

    public void count(String outcome, String projection, double seconds) {
        if (!outcome.isEmpty()) {
            waits.labelValues(projection, outcome).inc();
            waitSeconds.labelValues(outcome).observe(seconds);
        }
    }

    private void countSeveral(ContainerResponseContext response, boolean waited, double seconds) {
        String outcome = outcome(outcome(response.getEntity(), response.getStatus()), waited);
        if (response.getEntity() instanceof JsonNode json
                && json.path("projections").isArray()) {
            boolean wasEnough = outcome.equals("success"); // mode any: the other waits were cut short
            json.path("projections")
                    .forEach(one -> waits.labelValues(
                                    one.path("projection").asText(),
                                    outcome(one.path("status").asText(), waited && !wasEnough))
                            .inc());
            waitSeconds.labelValues(outcome).observe(seconds);
        } else {
            count(outcome, SEVERAL, seconds);
        }
    }
}
