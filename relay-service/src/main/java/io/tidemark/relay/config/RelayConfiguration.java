// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.dropwizard.core.Configuration;
import io.dropwizard.core.server.AbstractServerFactory;
import io.dropwizard.core.server.DefaultServerFactory;
import io.dropwizard.core.server.ServerFactory;
import io.dropwizard.core.server.SimpleServerFactory;
import io.dropwizard.jetty.ConnectorFactory;
import io.dropwizard.jetty.HttpConnectorFactory;
import io.dropwizard.logging.common.DefaultLoggingFactory;
import io.dropwizard.logging.common.LoggingFactory;
import io.dropwizard.request.logging.LogbackAccessRequestLogFactory;
import io.dropwizard.util.DataSize;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The whole file: Dropwizard's {@code server:} and {@code logging:} beside Tidemark's own keys. {@code postgres} and
 * {@code kafka.bootstrapServers} are enough to run.
 */
public final class RelayConfiguration extends Configuration {

    private static final int DROPWIZARDS_THREADS = 1024;
    /**
     * A burst of requests would create Dropwizard's 1024 threads, each of which keeps its stack for a minute. A wait
     * needs no thread.
     */
    private static final int MOST_THREADS = 128;

    private static final DataSize DROPWIZARDS_BUFFER = DataSize.kibibytes(8);
    private static final DataSize INPUT_BUFFER = DataSize.kibibytes(1);

    private static final List<String> TALKATIVE = List.of("io.debezium.jdbc.JdbcConnection", "org.eclipse.jetty");

    private final PostgresConfig postgres;
    private final KafkaConfig kafka;
    private final OutboxConfig outbox;
    private final List<RouteConfig> routes;
    private final HeaderStyle headers;
    private final List<ProjectionConfig> projections;
    private final WatermarkConfig watermark;
    private final LimitsConfig limits;
    private final HttpConfig http;
    private final TokensConfig tokens;
    private final ConsoleConfig console;

    public RelayConfiguration(
            @JsonProperty("postgres") @Nullable PostgresConfig postgres,
            @JsonProperty("kafka") @Nullable KafkaConfig kafka,
            @JsonProperty("outbox") @Nullable OutboxConfig outbox,
            @JsonProperty("routes") @Nullable List<RouteConfig> routes,
            @JsonProperty("headers") @Nullable HeaderStyle headers,
            @JsonProperty("projections") @Nullable List<ProjectionConfig> projections,
            @JsonProperty("watermark") @Nullable WatermarkConfig watermark,
            @JsonProperty("limits") @Nullable LimitsConfig limits,
            @JsonProperty("http") @Nullable HttpConfig http,
            @JsonProperty("tokens") @Nullable TokensConfig tokens,
            @JsonProperty("console") @Nullable ConsoleConfig console) {
        if (postgres == null) {
            throw new ConfigurationProblem("postgres is missing; it needs url and user, and usually passwordFile");
        }
        if (kafka == null) {
            throw new ConfigurationProblem("kafka is missing; it needs bootstrapServers");
        }
        this.postgres = postgres;
        this.kafka = kafka;
        this.outbox = outbox == null ? OutboxConfig.DEFAULT : outbox;
        List<RouteConfig> given = Checks.entries("routes", routes);
        this.routes = given.isEmpty() ? List.of(RouteConfig.DEFAULT) : given;
        this.headers = headers == null ? HeaderStyle.TIDEMARK : headers;
        this.projections = Checks.entries("projections", projections);
        this.watermark = watermark == null ? WatermarkConfig.DEFAULT : watermark;
        this.limits = limits == null ? LimitsConfig.DEFAULT : limits;
        this.http = http == null ? HttpConfig.DEFAULT : http;
        this.tokens = tokens == null ? TokensConfig.DEFAULT : tokens;
        this.console = console == null ? ConsoleConfig.DEFAULT : console;
        refuseRepeatedNames(this.projections);
        setServerFactory(quietServer());
        setLoggingFactory(quietLibraries());
    }

    private static void refuseRepeatedNames(List<ProjectionConfig> projections) {
        Set<String> names = new HashSet<>();
        for (ProjectionConfig projection : projections) {
            if (!names.add(projection.name())) {
                throw new ConfigurationProblem("projections.name '" + projection.name()
                        + "' appears twice; give each projection its own name");
            }
        }
    }

    /** Used unless the file has its own {@code logging:}. Logs our changes of state, and the warnings of libraries. */
    private static LoggingFactory quietLibraries() {
        DefaultLoggingFactory logging = new DefaultLoggingFactory();
        logging.setLevel("WARN");
        logging.setLoggers(Map.of(
                "io.tidemark",
                TextNode.valueOf("INFO"),
                "io.debezium.snapshot",
                TextNode.valueOf("ERROR"), // it warns of every snapshot provider that it does not choose
                "org.apache.kafka.clients.NetworkClient",
                TextNode.valueOf("ERROR"))); // it logs every attempt to connect; our own state reports it once
        return logging;
    }

    /**
     * Used unless the file has its own {@code server:}. Waits are requests too, and a log line for each would be too
     * many.
     */
    private static ServerFactory quietServer() {
        LogbackAccessRequestLogFactory noRequestLog = new LogbackAccessRequestLogFactory();
        noRequestLog.setAppenders(List.of());
        DefaultServerFactory server = new DefaultServerFactory();
        server.setRequestLogFactory(noRequestLog);
        return server;
    }

    /** Keeps loggers that print secrets at DEBUG (properties of a driver, whole requests) at WARN. */
    @Override
    public synchronized void setLoggingFactory(LoggingFactory factory) {
        if (factory instanceof DefaultLoggingFactory logging) {
            Map<String, JsonNode> loggers = new LinkedHashMap<>(logging.getLoggers());
            TALKATIVE.forEach(logger -> loggers.put(logger, TextNode.valueOf("WARN")));
            logging.setLoggers(loggers);
        }
        super.setLoggingFactory(factory);
    }

    /** Errors are always written as problem+json, whatever the file sets. */
    @Override
    public void setServerFactory(ServerFactory factory) {
        if (factory instanceof SimpleServerFactory) {
            throw new ConfigurationProblem("server.type is simple, which puts the admin pages, that ask for no"
                    + " authentication, on the port of the API; leave it out, and write applicationConnectors and"
                    + " adminConnectors");
        }
        if (factory instanceof AbstractServerFactory http) {
            http.setRegisterDefaultExceptionMappers(false);
            if (http.getMaxThreads() == DROPWIZARDS_THREADS) {
                http.setMaxThreads(Math.max(MOST_THREADS, http.getMinThreads()));
            }
        }
        if (factory instanceof DefaultServerFactory server) {
            server.getApplicationConnectors().forEach(RelayConfiguration::holdLittle);
        }
        super.setServerFactory(factory);
    }

    /** Jetty keeps the input buffer of a request for as long as the request waits. */
    private static void holdLittle(ConnectorFactory factory) {
        if (factory instanceof HttpConnectorFactory connector
                && connector.getInputBufferSize().equals(DROPWIZARDS_BUFFER)) {
            connector.setInputBufferSize(INPUT_BUFFER);
        }
    }

    @JsonProperty
    public PostgresConfig postgres() {
        return postgres;
    }

    @JsonProperty
    public KafkaConfig kafka() {
        return kafka;
    }

    @JsonProperty
    public OutboxConfig outbox() {
        return outbox;
    }

    /** Never empty; the first that matches an event's aggregate type decides. */
    @JsonProperty
    public List<RouteConfig> routes() {
        return routes;
    }

    @JsonProperty
    public HeaderStyle headers() {
        return headers;
    }

    @JsonProperty
    public List<ProjectionConfig> projections() {
        return projections;
    }

    @JsonProperty
    public WatermarkConfig watermark() {
        return watermark;
    }

    @JsonProperty
    public LimitsConfig limits() {
        return limits;
    }

    @JsonProperty
    public HttpConfig http() {
        return http;
    }

    @JsonProperty
    public TokensConfig tokens() {
        return tokens;
    }

    @JsonProperty
    public ConsoleConfig console() {
        return console;
    }
}
