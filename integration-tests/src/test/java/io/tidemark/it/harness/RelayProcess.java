package io.tidemark.it.harness;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
import java.util.Arrays;
import java.util.List;

/** A relay in a process of its own, as in production: {@code tidemark run}, with HTTP on free ports. */
public final class RelayProcess implements AutoCloseable {

    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ChildJvm process;
    private final int port;

    private RelayProcess(ChildJvm process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts it; returns at once. */
    public static RelayProcess start(TestSource source, String... more) {
        int port = FreePorts.next();
        String[] yaml = Arrays.copyOf(more, more.length + 1);
        yaml[more.length] = "server: {applicationConnectors: [{type: http, bindHost: 127.0.0.1, port: " + port
                + "}], adminConnectors: [{type: http, bindHost: 127.0.0.1, port: " + FreePorts.next()
                + "}], requestLog: {appenders: []}}";
        Path config = source.configFile(yaml);
        Path log = source.dir().resolve("relay-" + port + ".log");
        ChildJvm process = ChildJvm.start(
                "relay",
                TidemarkCli.class.getName(),
                List.of("run", config.toString()),
                List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                log);
        return new RelayProcess(process, port);
    }

    /** Returns when it streams. */
    public RelayProcess awaitRunning() {
        await("relay running, log " + process.log())
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> get("/v1/source").path("state").asText().equals("running"));
        return this;
    }

    public JsonNode get(String path) throws IOException, InterruptedException {
        return JSON.readTree(send(path).body());
    }

    public HttpResponse<String> send(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(60))
                .build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    }

    public void kill() {
        process.kill();
    }

    public String output() {
        return process.output();
    }

    @Override
    public void close() {
        process.close();
    }
}
