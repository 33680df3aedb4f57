package io.tidemark.consumers.internal.relay;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.consumers.BearerToken;
import io.tidemark.consumers.RelayRequestException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * Asks one relay after the other until one answers or the time is over. A relay that refuses or breaks the connection,
 * or returns 503 or 429, is left for the next. After a round of all there is a pause, as long as {@code Retry-After}
 * asks for and a random half more. Starts with the relay that answered last. Safe on any thread.
 */
final class RelayHttp {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long FIRST_PAUSE_MILLIS = 50;
    private static final long LONGEST_PAUSE_MILLIS = 2_000;
    private static final long LONGEST_RETRY_AFTER_SECONDS = 60;
    /** For the way there and back, beyond what the relay is asked to wait. */
    private static final Duration ROUND_TRIP = Duration.ofSeconds(1);

    private final HttpClient http;
    private final List<URI> relays;
    private final Optional<BearerToken> bearerToken;
    private final AtomicInteger first = new AtomicInteger();

    /** How a request to one relay ended: with a body, or with a reason to ask again later. */
    private sealed interface Attempt {
        record Body(JsonNode json) implements Attempt {}

        record Later(String reason, long retryAfterMillis) implements Attempt {}
    }

    /** @param bearerToken shown with each request, if there is one */
    RelayHttp(HttpClient http, List<URI> relays, Optional<BearerToken> bearerToken) {
        if (relays.isEmpty()) {
            throw new IllegalArgumentException("relays is empty; name at least one, for example http://relay:8080");
        }
        for (URI relay : relays) {
            if (relay.getHost() == null || !String.valueOf(relay.getScheme()).startsWith("http")) {
                throw new IllegalArgumentException(
                        "relay '" + relay + "' is not a base URL; write for example http://relay:8080");
            }
        }
        this.http = http;
        this.relays = List.copyOf(relays);
        this.bearerToken = bearerToken;
    }

    RelayHttp with(BearerToken token) {
        return new RelayHttp(http, relays, Optional.of(token));
    }

    /** No relay has answered in time. */
    static final class NoRelayAnswered extends Exception {
        private static final long serialVersionUID = 1L;

        NoRelayAnswered(String message) {
            super(message);
        }
    }

    /**
     * The JSON of the first relay that answers.
     *
     * @param request for a base URL and how long the relay may take over it
     * @throws RelayRequestException when one refuses it for good
     * @throws NoRelayAnswered when the timeout is over
     */
    JsonNode ask(RequestFor request, Duration timeout) throws NoRelayAnswered, InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        long pauseMillis = FIRST_PAUSE_MILLIS;
        while (true) {
            String reasons = "";
            long retryAfterMillis = 0;
            for (int i = 0; i < relays.size(); i++) {
                int relay = (Math.floorMod(first.get(), relays.size()) + i) % relays.size();
                Duration left = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
                Attempt attempt = send(request.to(relays.get(relay), left), left);
                if (attempt instanceof Attempt.Body body) {
                    first.set(relay);
                    return body.json();
                }
                if (attempt instanceof Attempt.Later later) {
                    reasons += (reasons.isEmpty() ? "" : "; ") + relays.get(relay) + ": " + later.reason();
                    retryAfterMillis = Math.max(retryAfterMillis, later.retryAfterMillis());
                }
            }
            long leftMillis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            long pause = withJitter(Math.max(retryAfterMillis, pauseMillis));
            if (leftMillis <= pause) {
                throw new NoRelayAnswered(reasons);
            }
            TimeUnit.MILLISECONDS.sleep(pause);
            pauseMillis = Math.min(pauseMillis * 2, LONGEST_PAUSE_MILLIS);
        }
    }

    /** Makes the request for a relay and the time left. */
    @FunctionalInterface
    interface RequestFor {
        HttpRequest.Builder to(URI relay, Duration left);
    }

    private static long withJitter(long millis) {
        return millis + ThreadLocalRandom.current().nextLong(millis / 2 + 1);
    }

    private Attempt send(HttpRequest.Builder request, Duration wait) throws InterruptedException {
        HttpResponse<String> response;
        try {
            if (bearerToken.isPresent()) {
                request.setHeader("Authorization", "Bearer " + bearerToken.get().current());
            }
            response = http.send(request.timeout(wait.plus(ROUND_TRIP)).build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            return new Attempt.Later(e.toString(), 0);
        }
        int status = response.statusCode();
        if (status == 429 || status >= 500) {
            return new Attempt.Later("HTTP " + status + " " + detail(response), retryAfterMillis(response));
        }
        if (status >= 400) {
            throw new RelayRequestException(status, "the relay refuses: HTTP " + status + " " + detail(response));
        }
        return parse(response, Attempt.Body::new);
    }

    private static Attempt parse(HttpResponse<String> response, Function<JsonNode, Attempt> then) {
        try {
            return then.apply(JSON.readTree(response.body()));
        } catch (JsonProcessingException e) {
            return new Attempt.Later("not JSON: " + e.getOriginalMessage(), 0);
        }
    }

    /** Of {@code application/problem+json}, else nothing. */
    private static String detail(HttpResponse<String> response) {
        try {
            return JSON.readTree(response.body()).path("detail").asText();
        } catch (JsonProcessingException e) {
            return "(" + e.getOriginalMessage() + ")";
        }
    }

    /** Seconds, as the relay writes it; the other form of RFC 9110, a date, counts as none. */
    private static long retryAfterMillis(HttpResponse<String> response) {
        return response.headers()
                .firstValue("Retry-After")
                .filter(text -> text.matches("[0-9]{1,9}"))
                .map(text -> 1000 * Math.min(Long.parseLong(text), LONGEST_RETRY_AFTER_SECONDS))
                .orElse(0L);
    }
}
