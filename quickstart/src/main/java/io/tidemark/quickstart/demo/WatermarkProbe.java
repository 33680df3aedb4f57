package io.tidemark.quickstart.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.consumers.watermark.Answer;
import io.tidemark.consumers.watermark.ReadGate;
import io.tidemark.consumers.watermark.WatermarkClient;
import io.tidemark.outbox.Token;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;

/**
 * Asks the relay whether the projection has caught up, and goes on asking whatever it says until then. Safe on any
 * thread.
 */
final class WatermarkProbe {

    private static final ObjectMapper JSON = new ObjectMapper();
    /** Of one question. */
    private static final Duration WAIT = Duration.ofSeconds(5);
    /** After an answer that was given without waiting: the group is not there yet, for example. */
    private static final long PAUSE_MILLIS = 100;

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
    private final String baseUrl;
    private final WatermarkClient client;

    WatermarkProbe(String baseUrl) {
        this.baseUrl = baseUrl;
        this.client = new WatermarkClient(List.of(URI.create(baseUrl)));
    }

    String urlOf(Token token) {
        return baseUrl + "/v1/projections/" + OrdersView.NAME + "/watermark?token=" + token + "&wait=5s";
    }

    /** Reads of the view's database that are checked in their own snapshot. */
    ReadGate gate(DataSource database) {
        return new ReadGate(OrdersView.NAME, database, client);
    }

    /** Whether the projection has caught up within the timeout. */
    boolean await(Token token, Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (System.nanoTime() < deadline) {
            Answer answer = client.await(OrdersView.NAME, token, WAIT); // asks again while the relay is away
            if (answer.isCaughtUp()) {
                return true;
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
        return false;
    }

    /** The relay's state, {@code unreachable} while it does not answer. */
    String state() throws InterruptedException {
        try {
            JsonNode source = JSON.readTree(get(baseUrl + "/v1/source").body());
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
