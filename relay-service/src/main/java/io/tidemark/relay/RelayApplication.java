package io.tidemark.relay;

import io.dropwizard.core.Application;
import io.dropwizard.core.setup.Bootstrap;
import io.dropwizard.core.setup.Environment;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.health.RelayHealthCheck;
import io.tidemark.relay.http.ProblemMapper;
import io.tidemark.relay.http.ProjectionsResource;
import io.tidemark.relay.http.SourceResource;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.component.LifeCycle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The relay in Dropwizard: HTTP, admin port, logging, and the order in which they stop. First the relay, which frees
 * slot and lock and answers whoever waits; then HTTP, which so has nobody left to wait for.
 */
public final class RelayApplication extends Application<RelayConfiguration> {

    private static final Logger LOG = LoggerFactory.getLogger(RelayApplication.class);

    @Override
    public String getName() {
        return "tidemark";
    }

    @Override
    public void run(RelayConfiguration config, Environment environment) {
        Relay relay = new Relay(config);
        environment.jersey().register(new ProblemMapper());
        environment.jersey().register(new ProjectionsResource(relay.watermarks()));
        environment
                .jersey()
                .register(new SourceResource(
                        relay.state(), relay.database(), config.postgres().slot()));
        environment.healthChecks().register("relay", new RelayHealthCheck(relay.state()));
        environment.lifecycle().addServerLifecycleListener(server -> {
            relay.start();
            server.addEventListener(stopFirst(relay));
        });
    }

    private static LifeCycle.Listener stopFirst(Relay relay) {
        return new LifeCycle.Listener() {
            @Override
            public void lifeCycleStopping(LifeCycle server) {
                try {
                    relay.stop();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        };
    }

    /** Runs until the process is told to stop. Throws when the ports cannot be had. */
    public void serve(RelayConfiguration config) throws Exception {
        Bootstrap<RelayConfiguration> bootstrap = new Bootstrap<>(this);
        initialize(bootstrap);
        config.getLoggingFactory().configure(bootstrap.getMetricRegistry(), getName());
        Environment environment = new Environment(
                getName(),
                bootstrap.getObjectMapper(),
                bootstrap.getValidatorFactory(),
                bootstrap.getMetricRegistry(),
                bootstrap.getClassLoader(),
                bootstrap.getHealthCheckRegistry(),
                config);
        config.getServerFactory().configure(environment);
        bootstrap.run(config, environment);
        run(config, environment);
        Server server = config.getServerFactory().build(environment);
        try {
            server.start();
        } catch (Exception e) {
            server.stop();
            throw e;
        }
        LOG.info("event=started url={}", server.getURI());
        server.join();
    }
}
