package io.tidemark.it.harness;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.outbox.Lsn;
import io.tidemark.quickstart.stack.ChildJvm;
import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.relay.cli.TidemarkCli;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** A relay in a process of its own, as in production: {@code tidemark run}, with HTTP on free ports. */
public final class RelayProcess implements AutoCloseable {

    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private static final ObjectMapper JSON = new ObjectMapper();
    /** A relay that stands still takes the request and never answers. */
    private static final Duration STATE_TIMEOUT = Duration.ofSeconds(2);

    /**
     * How its JVM is started.
     *
     * @param jvmOptions besides the usual ones, for example {@code -Dname=value}
     * @param environment added to that of this process
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

    /** @param alsoListens a connector besides the plain one, as YAML; empty for none */
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

    /** Starts it; returns at once. */
    public static RelayProcess start(TestSource source, String... more) {
        return start(source, source.servers(), Launch.PLAIN, more);
    }

    /**
     * Starts it; returns at once.
     *
     * @param through under which addresses it reaches the servers of the source
     * @param more YAML at the end of its configuration
     */
    public static RelayProcess start(TestSource source, Servers through, Launch launch, String... more) {
        return new RelayProcess(yaml -> source.configFile(through, yaml), source.dir(), launch, "", more);
    }

    /** Starts one that can be asked over TLS, too; returns at once. */
    public static RelayProcess startWithTls(TestSource source, SelfSigned certificate, int tlsPort) {
        String alsoListens = ", {type: https, bindHost: 127.0.0.1, port: " + tlsPort + ", keyStorePath: \""
                + certificate.keyStore() + "\", keyStorePassword: " + SelfSigned.PASSWORD + "}";
        return new RelayProcess(source::configFile, source.dir(), Launch.PLAIN, alsoListens);
    }

    /** Starts one that sends what it cannot publish to the dead letters; returns at once. */
    public static RelayProcess startWithDeadLetters(PoisonSource source, Launch launch) {
        return new RelayProcess(
                yaml -> source.configFile("dead-letter", yaml), source.source().dir(), launch, "");
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

    /** Returns when it streams. */
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
     * As the health check on the admin port names it, which asks no server ({@code GET /v1/source} asks Postgres);
     * {@code away} when it does not answer.
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

    /** What its readiness probe says; 200 when it is ready. */
    public HttpResponse<String> readiness() throws IOException, InterruptedException {
        return send(adminPort, "/ready", STATE_TIMEOUT);
    }

    /** What a scrape gets. */
    public String metrics() throws IOException, InterruptedException {
        return send(adminPort, "/metrics", Duration.ofSeconds(10)).body();
    }

    /** Up to where everything is in committed Kafka transactions, as this relay knows it. */
    public Lsn published() throws IOException, InterruptedException {
        return Lsn.parse(get("/v1/source").path("published").asText());
    }

    /** The same within two seconds, or an exception; for those who look often. */
    Lsn publishedNow() throws IOException, InterruptedException {
        return Lsn.parse(JSON.readTree(send(port, "/v1/source", STATE_TIMEOUT).body())
                .path("published")
                .asText());
    }

    /** Of its application port. */
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

    /** The process id, with which what it writes to {@code tidemark.positions} is signed. */
    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public void kill() {
        process.kill();
    }

    /** {@code SIGSTOP}: it stands still with all its connections open, until {@link #resume}. */
    public void pause() {
        process.pause();
    }

    /** {@code SIGCONT}, if it stands still. */
    public void resume() {
        process.resume();
    }

    /** {@code SIGTERM}; returns at once. */
    public void requestStop() {
        process.requestStop();
    }

    /** Starts it again, with the same configuration and on the same ports, when it has ended; returns at once. */
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
