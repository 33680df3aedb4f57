// SPDX-License-Identifier: Apache-2.0
package io.tidemark.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A real relay process, started by the launcher of the image with the arguments of the rendered container. */
final class RelayOfTheChart implements AutoCloseable {

    private static final Path LAUNCHER =
            Path.of("..", "docker", "bin", "tidemark").toAbsolutePath();

    private final Process process;
    private final Path log;

    private RelayOfTheChart(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** @param config the rendered configuration, with paths of this machine */
    static RelayOfTheChart start(JsonNode container, Path config) throws IOException {
        Path log = config.resolveSibling("relay.log");
        ProcessBuilder builder =
                new ProcessBuilder(LAUNCHER.toString(), container.at("/args/0").asText(), config.toString());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("TIDEMARK_CLASS_PATH", System.getProperty("java.class.path"));
        return new RelayOfTheChart(
                builder.redirectErrorStream(true).redirectOutput(log.toFile()).start(), log);
    }

    /** The status, once the relay listens. */
    int awaitStatus(HttpClient http, URI url) throws IOException, InterruptedException {
        while (true) {
            try {
                return get(http, url).statusCode();
            } catch (IOException e) { // not listening yet
                assertThat(process.waitFor(100, TimeUnit.MILLISECONDS))
                        .as(() -> "the relay ended: " + log())
                        .isFalse();
            }
        }
    }

    static HttpResponse<String> get(HttpClient http, URI url) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(url).timeout(Duration.ofSeconds(30)).build();
        return http.send(request, BodyHandlers.ofString());
    }

    private String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return e.toString();
        }
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** Stops it, and returns its exit code. */
    int stop() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            close();
        }
        return process.waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
