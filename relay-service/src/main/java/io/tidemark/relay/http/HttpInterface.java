// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import io.dropwizard.core.setup.Environment;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.explain.EventTracer;
import io.tidemark.relay.health.Readiness;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.http.gate.GateFilter;
import io.tidemark.relay.http.response.JettyProblems;
import io.tidemark.relay.http.response.ProblemMapper;
import io.tidemark.relay.http.response.ProblemsResource;
import io.tidemark.relay.http.response.ResponseWriter;
import io.tidemark.relay.http.server.BearerFilter;
import io.tidemark.relay.http.server.BearerTokens;
import io.tidemark.relay.http.server.KnownParameters;
import io.tidemark.relay.http.server.NoForms;
import io.tidemark.relay.http.server.NoStore;
import io.tidemark.relay.http.server.NoTasks;
import io.tidemark.relay.http.server.ReadinessServlet;
import io.tidemark.relay.http.server.RequestFilter;
import io.tidemark.relay.question.Questions;
import io.tidemark.relay.replica.ReplicaWatermarks;
import io.tidemark.relay.source.SharedSourceStatus;
import io.tidemark.relay.watermark.Watermarks;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.core.HttpHeaders;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.function.Predicate;

/**
 * The whole HTTP interface: the resources, and the filters in front of them.
 *
 * @param replica names this process among the replicas
 * @param registry of the metrics that count requests
 */
public record HttpInterface(
        String replica,
        RelayConfiguration config,
        RelayState state,
        Readiness readiness,
        SharedSourceStatus standings,
        Watermarks watermarks,
        Questions questions,
        ReplicaWatermarks replicas,
        EventTracer tracer,
        PrometheusRegistry registry) {

    private static final int RESPONSE_THREADS = 8;

    /** Called once, before the server starts. */
    public void register(Environment environment) {
        RequestFilter requests = new RequestFilter(registry, watermarks.names());
        environment.jersey().register(new ProblemMapper());
        environment.jersey().register(requests);
        environment.jersey().register(new KnownParameters());
        environment.getApplicationContext().setErrorHandler(new JettyProblems());
        environment
                .servlets()
                .addFilter("no-store", new NoStore())
                .addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, "/*");
        environment
                .servlets()
                .addFilter("no-forms", new NoForms())
                .addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, "/*");
        TokenForm form = config.tokens().form();
        ResponseWriter answers = new ResponseWriter("answers", RESPONSE_THREADS);
        SourcesJson sources = new SourcesJson(() -> state.snapshot().identity(), form);
        AnswerJson json = new AnswerJson(sources);
        Predicate<HttpServletRequest> admission = admission(environment);
        environment
                .servlets()
                .addFilter(
                        "waits",
                        new WaitFilter(watermarks, questions, form, json, answers, admission, requests::waited))
                .addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, WaitFilter.PATH);
        environment
                .servlets()
                .addFilter(
                        "gate",
                        new GateFilter(watermarks, form, answers, Params::waitMillis, admission, requests::passedGate))
                .addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, GateFilter.PATH);
        environment.jersey().register(new ProjectionsResource(watermarks, questions, form, json, answers));
        environment.jersey().register(new OpenApiResource());
        environment.jersey().register(new ProblemsResource());
        environment.jersey().register(new WaitResource(watermarks, questions, form, json, answers));
        environment.jersey().register(new TokensResource(watermarks, form, state, standings, json, answers));
        environment.jersey().register(new EventsResource(tracer, watermarks.reports(), state, form, answers));
        environment.jersey().register(new ReplicasResource(replicas, form, sources, answers));
        environment
                .jersey()
                .register(new SourceResource(
                        replica, state, standings, config.postgres().slot(), answers));
        environment
                .admin()
                .addServlet("readiness", new ReadinessServlet(readiness))
                .addMapping("/ready");
        environment
                .admin()
                .addFilter("no-tasks", new NoTasks())
                .addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, NoTasks.PATH);
    }

    /** If a file of tokens is configured, requests need one of them. Also registers the filter for Jersey. */
    private Predicate<HttpServletRequest> admission(Environment environment) {
        String tokenFile = config.http().bearerTokenFile();
        if (tokenFile == null) {
            return request -> true;
        }
        BearerTokens tokens = BearerTokens.of(Path.of(tokenFile));
        environment.jersey().register(new BearerFilter(tokens));
        return request -> tokens.letIn(request.getHeader(HttpHeaders.AUTHORIZATION));
    }
}
