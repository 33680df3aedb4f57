package io.tidemark.consumers.watermark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.Token;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Asks relays whether projections have caught up with a token. Blocks its caller for no longer than the timeout and a
 * second for each relay; safe on any thread; holds connections, so keep one for a process.
 */
public final class WatermarkClient {

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);
    /** Between two questions, so that relays with a short {@code watermark.maxWait} are not asked without a break. */
    private static final long PAUSE_MILLIS = 100;

    private final RelayHttp relays;

    /** How a wait for several projections ends. */
    public enum Mode {
        /** When all have caught up. */
        ALL,
        /** When one has. */
        ANY
    }

    /**
     * What relays say of several projections together.
     *
     * @param status {@code SUCCESS} when the mode is satisfied
     * @param answers of each projection, in the order asked for; empty when no relay has answered
     * @param reason when no relay has answered
     */
    public record CombinedAnswer(WatermarkStatus status, List<WatermarkAnswer> answers, String reason) {

        public CombinedAnswer {
            answers = List.copyOf(answers);
        }

        public boolean isCaughtUp() {
            return status == WatermarkStatus.SUCCESS;
        }
    }

    /** @param relays base URLs of one or more replicas, for example {@code http://relay:8080} */
    public WatermarkClient(List<URI> relays) {
        this(
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .connectTimeout(CONNECT_TIMEOUT)
                        .build(),
                relays);
    }

    /** The same with a client of your own, for TLS or a proxy; give it a connect timeout. */
    public WatermarkClient(HttpClient http, List<URI> relays) {
        this(new RelayHttp(http, relays, Optional.empty()));
    }

    private WatermarkClient(RelayHttp relays) {
        this.relays = relays;
    }

    /** The same for relays that want to see a token: {@code http.bearerTokenFile} in their configuration. */
    public WatermarkClient bearerToken(BearerToken token) {
        return new WatermarkClient(relays.with(token));
    }

    /**
     * Waits until the projection has caught up, and says whether it has.
     *
     * @param timeout zero asks once
     * @throws RelayRequestException when the relay does not know the projection
     */
    public WatermarkAnswer await(String projection, Token token, Duration timeout) throws InterruptedException {
        requireTimeout(timeout);
        long deadline = System.nanoTime() + timeout.toNanos();
        WatermarkAnswer answer = ask(projection, token, timeout);
        while (answer.status() == WatermarkStatus.TIMEOUT && pauseBefore(deadline)) {
            answer = ask(projection, token, left(deadline)).afterWaiting(answer.waitedMillis());
        }
        return answer;
    }

    /** False when there is no time to ask again. A relay cuts a wait to its {@code watermark.maxWait}, so there may be. */
    private static boolean pauseBefore(long deadline) throws InterruptedException {
        if (left(deadline).toMillis() <= PAUSE_MILLIS) {
            return false;
        }
        TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        return true;
    }

    private static Duration left(long deadline) {
        return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
    }

    /** One question; answered before the wait is over if that is longer than the relay allows. */
    WatermarkAnswer ask(String projection, Token token, Duration wait) throws InterruptedException {
        long since = System.nanoTime();
        try {
            JsonNode json = relays.ask(
                    (relay, left) -> HttpRequest.newBuilder(URI.create(base(relay)
                            + "/v1/projections/"
                            + encoded(projection)
                            + "/watermark?token="
                            + encoded(token.toString())
                            + "&wait="
                            + left.toMillis()
                            + "ms")),
                    wait);
            return WatermarkAnswer.of(json);
        } catch (RelayHttp.NoRelayAnswered e) {
            return WatermarkAnswer.unreachable(
                    projection,
                    String.valueOf(e.getMessage()),
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - since));
        }
    }

    /**
     * Waits until the projection has caught up, and says where to read.
     *
     * @throws NotCaughtUpException when it has not and the fallback is {@link Fallback#FAIL}
     */
    public ReadFrom await(String projection, Token token, Duration timeout, Fallback fallback)
            throws InterruptedException, NotCaughtUpException {
        WatermarkAnswer answer = await(projection, token, timeout);
        if (answer.isCaughtUp()) {
            return ReadFrom.PROJECTION;
        }
        return switch (fallback) {
            case STALE -> ReadFrom.STALE_PROJECTION;
            case PRIMARY -> ReadFrom.PRIMARY;
            case FAIL ->
                throw new NotCaughtUpException(
                        "projection " + projection + " has not caught up with " + token + " within " + timeout + ": "
                                + answer,
                        List.of(answer));
        };
    }

    /** Waits for several projections at once, in one request as long as the relay's limit of a wait allows. */
    public CombinedAnswer awaitAll(List<String> projections, Token token, Duration timeout, Mode mode)
            throws InterruptedException {
        requireTimeout(timeout);
        if (projections.isEmpty()) {
            throw new IllegalArgumentException("projections is empty; name at least one");
        }
        long deadline = System.nanoTime() + timeout.toNanos();
        CombinedAnswer answer = askAll(projections, token, timeout, mode);
        while (answer.status() == WatermarkStatus.TIMEOUT && pauseBefore(deadline)) {
            answer = askAll(projections, token, left(deadline), mode);
        }
        return answer;
    }

    private CombinedAnswer askAll(List<String> projections, Token token, Duration wait, Mode mode)
            throws InterruptedException {
        try {
            JsonNode json = relays.ask(
                    (relay, left) -> HttpRequest.newBuilder(URI.create(base(relay) + "/v1/wait"))
                            .header("Content-Type", "application/json")
                            .POST(HttpRequest.BodyPublishers.ofString(waitBody(projections, token, left, mode))),
                    wait);
            List<WatermarkAnswer> answers = new ArrayList<>();
            json.path("projections").forEach(projection -> answers.add(WatermarkAnswer.of(projection)));
            WatermarkStatus status =
                    WatermarkStatus.parse(json.path("status").asText()).orElse(WatermarkStatus.UNKNOWN);
            return new CombinedAnswer(status, answers, json.path("reason").asText());
        } catch (RelayHttp.NoRelayAnswered e) {
            return new CombinedAnswer(WatermarkStatus.UNREACHABLE, List.of(), String.valueOf(e.getMessage()));
        }
    }

    private static String waitBody(List<String> projections, Token token, Duration left, Mode mode) {
        ObjectNode body = JsonNodeFactory.instance
                .objectNode()
                .put("token", token.toString())
                .put("wait", left.toMillis() + "ms")
                .put("mode", mode.name().toLowerCase(Locale.ROOT));
        ArrayNode names = body.putArray("projections");
        projections.forEach(names::add);
        return body.toString();
    }

    /** What the relay knows about the token; for {@link ReadGate}. */
    JsonNode explain(Token token, Duration timeout) throws InterruptedException, RelayHttp.NoRelayAnswered {
        return relays.ask(
                (relay, left) ->
                        HttpRequest.newBuilder(URI.create(base(relay) + "/v1/tokens/" + encoded(token.toString()))),
                timeout);
    }

    private static void requireTimeout(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("timeout must not be negative, but is " + timeout);
        }
    }

    private static String base(URI relay) {
        String text = relay.toString();
        return text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
