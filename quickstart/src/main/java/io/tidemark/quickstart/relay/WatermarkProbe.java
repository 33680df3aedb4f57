// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.relay;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.consumers.ReadGate;
import io.tidemark.consumers.WatermarkAnswer;
import io.tidemark.consumers.WatermarkClient;
import io.tidemark.outbox.Token;
import io.tidemark.quickstart.stack.StackException;
import io.tidemark.quickstart.stack.StopSignal;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import javax.sql.DataSource;

/**
 * Asks the relay whether the projection has caught up, and repeats the question after any other answer. Safe on any
 * thread.
 */
public final class WatermarkProbe {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration START_TIMEOUT = Duration.ofSeconds(90);
    /** Wait of one request. */
    private static final Duration WAIT = Duration.ofSeconds(5);
    /** Pause after an answer that came without a wait, for example because the group does not exist yet. */
    private static final long PAUSE_MILLIS = 100;

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
    private final RelaySite relay;
    private final String projection;
    private final WatermarkClient client;

    public WatermarkProbe(RelaySite relay, String projection) {
        this.relay = relay;
        this.projection = projection;
        this.client = new WatermarkClient(List.of(URI.create(relay.url())));
    }

    /**
     * Returns when the relay is running.
     *
     * @param isAlive whether waiting is useful
     * @throws StackException if it has not started, or this was stopped meanwhile
     */
    public void awaitRunning(StopSignal stop, BooleanSupplier isAlive) throws InterruptedException {
        long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
        String state = "";
        while (!state.equals("running")) {
            if (stop.await(100)) {
                throw new StackException("stopped while starting");
            }
            if (!isAlive.getAsBoolean()) {
                throw new StackException("the relay ended while starting; its log is " + relay.log());
            }
            if (System.nanoTime() > deadline) {
                throw new StackException("the relay is not running after " + START_TIMEOUT.toSeconds() + " s but "
                        + state + "; its log is " + relay.log());
            }
            state = state();
        }
    }

    /** The address of the console. */
    public String console() {
        return relay.url() + "/console/";
    }

    public String urlOf(Token token) {
        return relay.url() + "/v1/projections/" + projection + "/watermark?token=" + token + "&wait=5s&strict=false";
    }

    /** A gate for reads of the view's database, which are checked in their snapshot. */
    public ReadGate gate(DataSource database) {
        return new ReadGate(projection, database, client);
    }

    /** Whether the projection has caught up within the timeout. */
    public boolean await(Token token, Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (System.nanoTime() < deadline) {
            WatermarkAnswer answer = client.await(projection, token, WAIT); // asks again while the relay is unreachable
            if (answer.isCaughtUp()) {
                return true;
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
        return false;
    }

    /** The relay's state; {@code unreachable} if it does not answer. */
    public String state() throws InterruptedException {
        try {
            JsonNode source = JSON.readTree(get(relay.url() + "/v1/source").body());
            String reason = source.path("reason").asText("");
            return source.path("state").asText() + (reason.isEmpty() || reason.equals("null") ? "" : ": " + reason);
        } catch (IOException e) {
            return "unreachable";
        }
    }

    private HttpResponse<String> get(String url) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .timeout(Duration.ofSeconds(15))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString());
    }
}
