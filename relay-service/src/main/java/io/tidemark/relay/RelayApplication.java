// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay;

import io.dropwizard.core.Application;
import io.dropwizard.core.setup.Bootstrap;
import io.dropwizard.core.setup.Environment;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.health.RelayHealthCheck;
import io.tidemark.relay.health.Watchdog;
import io.tidemark.relay.http.response.JettyProblems;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.component.LifeCycle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The relay in Dropwizard: HTTP, admin port, logging, and the order in which they stop. The relay stops first, frees
 * slot and lock, and answers all waiters. Then HTTP stops, and no request is open any more.
 */
public final class RelayApplication extends Application<RelayConfiguration> {

    private static final Logger LOG = LoggerFactory.getLogger(RelayApplication.class);

    private static final int STALL_LIMIT_SECONDS = 180;
    /** "Internal software error" of sysexits.h. */
    private static final int STALLED = 70;

    @Override
    public String getName() {
        return "tidemark";
    }

    @Override
    public void run(RelayConfiguration config, Environment environment) {
        Relay relay = new Relay(config);
        relay.metrics().addProcess(environment.metrics());
        environment.admin().addServlet("prometheus", relay.metrics().servlet()).addMapping("/metrics");
        relay.http().register(environment);
        if (config.console().enabled()) {
            relay.console().register(environment);
        }
        environment.healthChecks().register("relay", new RelayHealthCheck(relay.state()));
        // Without shutdown hooks: they would wait for the loop that makes no progress.
        Watchdog watchdog = new Watchdog(
                relay.state(), STALL_LIMIT_SECONDS, () -> Runtime.getRuntime().halt(STALLED));
        environment.lifecycle().addServerLifecycleListener(server -> {
            relay.start();
            watchdog.start();
            relay.metrics().start();
            server.addEventListener(stopFirst(relay, watchdog));
        });
    }

    private static LifeCycle.Listener stopFirst(Relay relay, Watchdog watchdog) {
        return new LifeCycle.Listener() {
            @Override
            public void lifeCycleStopping(LifeCycle server) {
                watchdog.close();
                relay.metrics().close();
                try {
                    relay.stop();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        };
    }

    /** Runs until the process is stopped. Throws if a port cannot be opened. */
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
        server.setErrorHandler(new JettyProblems()); // of requests that belong to no context
        tellCasesApart(server);
        try {
            server.start();
        } catch (Exception e) {
            server.stop();
            throw e;
        }
        LOG.info("event=started url={}", server.getURI());
        server.join();
    }

    /**
     * By default, Jetty takes the value of a header for one that it has seen on the same connection if they differ in
     * upper and lower case only. Bearer tokens, and sealed tokens in cookies, do.
     */
    private static void tellCasesApart(Server server) {
        server.getContainedBeans(HttpConfiguration.ConnectionFactory.class) // Dropwizard wraps them
                .forEach(http -> http.getHttpConfiguration().setHeaderCacheCaseSensitive(true));
    }
}
