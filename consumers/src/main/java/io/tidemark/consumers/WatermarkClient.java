package io.tidemark.consumers;

import io.tidemark.consumers.internal.relay.RelayApi;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Asks relays whether projections have caught up with a token. Blocks its caller for no longer than the timeout and a
 * second for each relay; safe on any thread; holds connections, so keep one for a process.
 */
public final class WatermarkClient {

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);
    /** Between two requests, so that relays with a short {@code watermark.maxWait} are not asked without a break. */
    private static final long PAUSE_MILLIS = 100;

    private final RelayApi api;

    /** When a wait for several projections succeeds. */
    public enum Mode {
        /** When all have caught up. */
        ALL,
        /** When one has. */
        ANY
    }

    /**
     * A client with HTTP/1.1 and a connect timeout of one second.
     *
     * @param relays base URLs of one or more replicas, for example {@code http://relay:8080}
     * @throws IllegalArgumentException when there is none, or one is not an HTTP URL
     */
    public WatermarkClient(List<URI> relays) {
        this(
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .connectTimeout(CONNECT_TIMEOUT)
                        .build(),
                relays);
    }

    /** The same with an HTTP client of your own, for TLS or a proxy; give it a connect timeout. */
    public WatermarkClient(HttpClient http, List<URI> relays) {
        this(new RelayApi(http, relays));
    }

    private WatermarkClient(RelayApi api) {
        this.api = api;
    }

    /** The same client with a bearer token, for relays that require one ({@code http.bearerTokenFile}). */
    public WatermarkClient bearerToken(BearerToken token) {
        return new WatermarkClient(api.with(token));
    }

    /** For {@link ReadGate}. */
    RelayApi api() {
        return api;
    }

    /**
     * Waits until the projection has caught up, and returns whether it has. A relay that is away is no exception but the
     * status {@code UNREACHABLE}.
     *
     * @param timeout zero asks once
     * @throws IllegalArgumentException when the timeout is negative
     * @throws RelayRequestException when the relay does not know the projection
     */
    public WatermarkAnswer await(String projection, Token token, Duration timeout) throws InterruptedException {
        requireTimeout(timeout);
        long deadline = System.nanoTime() + timeout.toNanos();
        WatermarkAnswer answer = api.watermark(projection, token, timeout);
        while (answer.status() == WatermarkStatus.TIMEOUT && pauseBefore(deadline)) {
            answer = afterWaiting(answer.waitedMillis(), api.watermark(projection, token, left(deadline)));
        }
        return answer;
    }

    private static WatermarkAnswer afterWaiting(long millis, WatermarkAnswer answer) {
        return new WatermarkAnswer(
                answer.projection(),
                answer.status(),
                answer.phase(),
                answer.reason(),
                answer.waitedMillis() + millis,
                answer.behind());
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

    /**
     * Waits until the projection has caught up, and returns where to read.
     *
     * @param timeout zero asks once
     * @param fallback where to read when it has not caught up
     * @throws IllegalArgumentException when the timeout is negative
     * @throws NotCaughtUpException when it has not caught up and the fallback is {@link Fallback#FAIL}
     * @throws RelayRequestException when the relay does not know the projection
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

    /**
     * Waits for several projections at once, in one request as long as the relay's limit of a wait allows.
     *
     * @param projections at least one
     * @param timeout zero asks once
     * @throws IllegalArgumentException when the timeout is negative or no projection is named
     * @throws RelayRequestException when the relay does not know one of them
     */
    public CombinedAnswer awaitAll(List<String> projections, Token token, Duration timeout, Mode mode)
            throws InterruptedException {
        requireTimeout(timeout);
        if (projections.isEmpty()) {
            throw new IllegalArgumentException("projections is empty; name at least one");
        }
        String modeName = mode.name().toLowerCase(Locale.ROOT);
        long deadline = System.nanoTime() + timeout.toNanos();
        CombinedAnswer answer = api.watermarks(projections, token, timeout, modeName);
        while (answer.status() == WatermarkStatus.TIMEOUT && pauseBefore(deadline)) {
            answer = api.watermarks(projections, token, left(deadline), modeName);
        }
        return answer;
    }

    private static void requireTimeout(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("timeout must not be negative, but is " + timeout);
        }
    }
}
