package io.tidemark.quickstart.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.outbox.Token;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Asks the relay whether the projection has caught up; asks again while the relay is away. Safe on any thread. */
final class WatermarkProbe {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
    private final String baseUrl;

    WatermarkProbe(String baseUrl) {
        this.baseUrl = baseUrl;
    }

    String urlOf(Token token) {
        return baseUrl + "/v1/projections/" + OrdersView.NAME + "/watermark?token=" + token + "&wait=5s";
    }

    /** Whether the projection has caught up within the timeout. */
    boolean await(Token token, Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (System.nanoTime() < deadline) {
            try {
                HttpResponse<String> response = get(urlOf(token));
                if (response.statusCode() == 200
                        && JSON.readTree(response.body())
                                .path("status")
                                .asText()
                                .equals("success")) {
                    return true;
                }
                if (response.statusCode() == 200) {
                    continue; // a timeout has waited already
                }
            } catch (IOException e) {
                // not there, or not there any more: the demo starts it again
            }
            TimeUnit.MILLISECONDS.sleep(100);
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
