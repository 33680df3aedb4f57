// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console;

import io.dropwizard.core.setup.Environment;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.console.history.History;
import io.tidemark.relay.console.history.HistoryResource;
import io.tidemark.relay.console.view.ReplicasViewResource;
import io.tidemark.relay.explain.AggregateEvents;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.http.SourceResource;
import io.tidemark.relay.http.response.ResponseWriter;
import io.tidemark.relay.metrics.Metrics;
import io.tidemark.relay.source.SharedSourceStatus;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.watermark.Watermarks;

/**
 * The console and its paths.
 *
 * @param replica names this process among the replicas
 */
public record Console(
        String replica,
        RelayConfiguration config,
        RelayState state,
        SharedSourceStatus standings,
        SourceDatabase database,
        Watermarks watermarks,
        Metrics metrics) {

    private static final int RESPONSE_THREADS = 4;

    /** Called once, before the server starts. The history begins when it has started. */
    public void register(Environment environment) {
        ResponseWriter answers = new ResponseWriter("console", RESPONSE_THREADS);
        History history = new History(metrics::snapshot, metrics.registry());
        HistoryResource past = new HistoryResource(history);
        SourceResource source =
                new SourceResource(replica, state, standings, config.postgres().slot(), answers);
        ReplicasViewResource view =
                new ReplicasViewResource(config.console().peers(), source, watermarks, past, answers);
        Searches searches = new Searches();
        environment.jersey().register(past);
        environment.jersey().register(view);
        environment.jersey().register(new DeadLettersResource(config.kafka(), searches, answers));
        environment
                .jersey()
                .register(new AggregatesResource(new AggregateEvents(config.outbox(), database), searches, answers));
        environment.jersey().register(new SetupResource(config, searches, answers));
        environment.servlets().addServlet("console", new ConsoleAssets()).addMapping("/console/*");
        environment.lifecycle().addServerLifecycleListener(server -> history.start());
        environment.lifecycle().manage(new io.dropwizard.lifecycle.AutoCloseableManager(history));
        environment.lifecycle().manage(new io.dropwizard.lifecycle.AutoCloseableManager(view));
        environment.lifecycle().manage(new io.dropwizard.lifecycle.AutoCloseableManager(searches));
    }
}
