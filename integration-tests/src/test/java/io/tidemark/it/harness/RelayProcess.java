// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.quickstart.stack.ChildJvm;
import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.relay.cli.TidemarkCli;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A relay in a separate process, as in production: {@code tidemark run}, with HTTP on free ports. */
public final class RelayProcess implements AutoCloseable {

    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private static final ObjectMapper JSON = new ObjectMapper();
    /** A suspended relay accepts the request and never answers. */
    private static final Duration STATE_TIMEOUT = Duration.ofSeconds(2);

    /**
     * The settings of its JVM.
     *
     * @param jvmOptions added to the usual ones, for example {@code -Dname=value}
     * @param environment added to the environment of this process
     */
    public record Launch(List<String> jvmOptions, Map<String, String> environment) {

        public static final Launch PLAIN = new Launch(List.of(), Map.of());
    }

    private final int port;
    private final int adminPort;
    private final Path config;
    private final Path log;
    private Launch launch;
    private ChildJvm process;

    /** @param alsoListens another connector besides the plain one, as YAML; empty for none */
    private RelayProcess(
            Function<String[], Path> configFile, Path dir, Launch launch, String alsoListens, String... more) {
        this.port = FreePorts.next();
        this.adminPort = FreePorts.next();
        String[] yaml = Arrays.copyOf(more, more.length + 1);
        yaml[more.length] = "server: {applicationConnectors: [{type: http, bindHost: 127.0.0.1, port: " + port
                + "}" + alsoListens + "], adminConnectors: [{type: http, bindHost: 127.0.0.1, port: " + adminPort
                + "}], requestLog: {appenders: []}}";
        this.config = configFile.apply(yaml);
        this.log = dir.resolve("relay-" + port + ".log");
        this.launch = launch;
        this.process = spawn();
    }

    /** Starts it and returns immediately. */
    public static RelayProcess start(TestSource source, String... more) {
        return start(source, source.servers(), Launch.PLAIN, more);
    }

    /**
     * Starts it and returns immediately.
     *
     * @param through the addresses of the source's servers for this relay
     * @param more YAML at the end of its configuration
     */
    public static RelayProcess start(TestSource source, Servers through, Launch launch, String... more) {
        return new RelayProcess(yaml -> source.configFile(through, yaml), source.dir(), launch, "", more);
    }

    /** Starts a relay that also listens with TLS, and returns immediately. */
    public static RelayProcess startWithTls(TestSource source, SelfSigned certificate, int tlsPort) {
        String alsoListens = ", {type: https, bindHost: 127.0.0.1, port: " + tlsPort + ", keyStorePath: \""
                + certificate.keyStore() + "\", keyStorePassword: " + SelfSigned.PASSWORD + "}";
        return new RelayProcess(source::configFile, source.dir(), Launch.PLAIN, alsoListens);
    }

    /** Starts a relay that dead-letters events that it cannot publish, and returns immediately. */
    public static RelayProcess startWithDeadLetters(PoisonSource source, Launch launch) {
        return new RelayProcess(
                yaml -> source.configFile("dead-letter", yaml), source.source().dir(), launch, "");
    }

    /** Starts a relay whose projection soon counts as stalled, and returns immediately. */
    public static RelayProcess startStallingSoon(TestSource source, Servers through, String... more) {
        return startEdited(
                source, through, Launch.PLAIN, yaml -> yaml.replace("topics: [", "stalledAfter: 2s, topics: ["), more);
    }

    /** Starts a relay with an edited configuration, and returns immediately. */
    public static RelayProcess startEdited(
            TestSource source, Servers through, Launch launch, UnaryOperator<String> edit, String... more) {
        return new RelayProcess(
                yaml -> {
                    Path file = source.configFile(through, yaml);
                    try {
                        return Files.writeString(file, edit.apply(Files.readString(file)));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                source.dir(),
                launch,
                "",
                more);
    }

    private ChildJvm spawn() {
        List<String> jvmOptions = new ArrayList<>(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        jvmOptions.addAll(launch.jvmOptions());
        return ChildJvm.start(
                "relay",
                TidemarkCli.class.getName(),
                List.of("run", config.toString()),
                jvmOptions,
                launch.environment(),
                log);
    }

    /** Returns when the relay streams. */
    public RelayProcess awaitRunning() {
        return awaitState("running");
    }

    /** Returns when the relay is in this state. */
    public RelayProcess awaitState(String state) {
        await("relay " + state + ", log " + log)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> state().equals(state));
        return this;
    }

    /**
     * The state from the health check on the admin port, which does not query a server ({@code GET /v1/source} queries
     * Postgres); {@code away} if it does not answer.
     */
    public String state() throws InterruptedException {
        try {
            String message = JSON.readTree(
                            send(adminPort, "/healthcheck", STATE_TIMEOUT).body())
                    .at("/relay/message")
                    .asText();
            return message.split(" ", 2)[0];
        } catch (IOException e) {
            return "away";
        }
    }

    /** Whether the health check on the admin port passes. */
    public boolean isHealthy() throws IOException, InterruptedException {
        return send(adminPort, "/healthcheck", STATE_TIMEOUT).statusCode() == 200;
    }

    /** The result of its readiness probe; 200 if ready. */
    public HttpResponse<String> readiness() throws IOException, InterruptedException {
        return send(adminPort, "/ready", STATE_TIMEOUT);
    }

    /** The text of a scrape. */
    public String metrics() throws IOException, InterruptedException {
        return send(adminPort, "/metrics", Duration.ofSeconds(10)).body();
    }

    /** The published LSN, as this relay knows it. */
    public Lsn published() throws IOException, InterruptedException {
        return Lsn.parse(get("/v1/source").path("published").asText());
    }

    /** The same within two seconds, otherwise an exception; for frequent calls. */
    Lsn publishedNow() throws IOException, InterruptedException {
        return Lsn.parse(JSON.readTree(send(port, "/v1/source", STATE_TIMEOUT).body())
                .path("published")
                .asText());
    }

    /** The URL of its application port. */
    public String url() {
        return "http://127.0.0.1:" + port;
    }

    public JsonNode get(String path) throws IOException, InterruptedException {
        return JSON.readTree(send(path).body());
    }

    public HttpResponse<String> send(String path) throws IOException, InterruptedException {
        return send(port, path, Duration.ofSeconds(60));
    }

    /** @param accept the header of that name */
    public HttpResponse<String> send(String path, String accept) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(60))
                .header("Accept", accept)
                .build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    }

    /** With the token in its header, as a proxy asks the gate. */
    HttpResponse<String> sendWithToken(String path, Token token) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(60))
                .header(Token.HTTP_HEADER, token.toString())
                .build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    }

    public HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(60))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private static HttpResponse<String> send(int port, String path, Duration timeout)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(timeout)
                .build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    }

    /** The process id, which is also in its records in {@code tidemark.positions}. */
    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public void kill() {
        process.kill();
    }

    /** {@code SIGSTOP}: the process is suspended, with all its connections open, until {@link #resume}. */
    public void pause() {
        process.pause();
    }

    /** {@code SIGCONT}, if it is suspended. */
    public void resume() {
        process.resume();
    }

    /** {@code SIGTERM}; returns immediately. */
    public void requestStop() {
        process.requestStop();
    }

    /** Starts it again after it has ended, with the same configuration and ports. Returns immediately. */
    public void restart() {
        if (process.isAlive()) {
            throw new IllegalStateException("the relay still runs, log " + log);
        }
        process = spawn();
    }

    public Path log() {
        return log;
    }

    /** The same with another launch. */
    public void restart(Launch with) {
        launch = with;
        restart();
    }

    public String output() {
        return process.output();
    }

    @Override
    public void close() {
        process.close();
    }
}
