// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import io.tidemark.consumers.internal.relay.Deadline;
import io.tidemark.consumers.internal.relay.RelayApi;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.outbox.seal.TokenSeal;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks relays whether projections have caught up with a token. Blocks its caller for at most the timeout plus 2.5
 * seconds, for any number of relays: a relay may answer up to two seconds late. Safe on any thread. Holds connections,
 * so create one for each process.
 *
 * <p>If a relay is unreachable, is busy, refuses, or does not answer as a relay (a gateway's page, a redirect, JSON
 * without a known status), the next relay is asked. {@link RelayRequestException} means that all relays refuse the same
 * way.
 */
public final class WatermarkClient {

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);
    /** Delay between two requests, for relays with a short {@code watermark.maxWait}. */
    private static final long PAUSE_MILLIS = 100;

    private static final long LOG_INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final Logger LOG = LoggerFactory.getLogger(WatermarkClient.class);

    private final RelayApi api;
    private final AtomicLong nextLogNanos = new AtomicLong(System.nanoTime());

    /** When a wait for several projections succeeds. */
    public enum Mode {
        /** When all have caught up. */
        ALL,
        /** When one has. */
        ANY
    }

    /**
     * A client with HTTP/1.1 and a connect timeout of one second, which goes through no proxy, whatever the JVM's
     * settings are.
     *
     * @param relays base URLs of one or more replicas, for example {@code http://relay:8080}
     * @throws IllegalArgumentException when there is none, or one is not an HTTP URL
     */
    public WatermarkClient(List<URI> relays) {
        this(
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .connectTimeout(CONNECT_TIMEOUT)
                        .proxy(HttpClient.Builder.NO_PROXY)
                        .build(),
                relays);
    }

    /**
     * The same with your own HTTP client, for TLS or a proxy. Set its connect timeout.
     *
     * @throws IllegalArgumentException also when it follows redirects: it would take the bearer token along
     */
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

    /**
     * The same client for relays that accept only sealed tokens ({@code tokens.secretFile}). Tokens are opened and sealed
     * on the way from and to a relay; in this process they are plain.
     */
    public WatermarkClient seal(TokenSeal seal) {
        return new WatermarkClient(api.with(seal));
    }

    /** For {@link ReadGate}. */
    RelayApi api() {
        return api;
    }

    /**
     * Waits until the projection has caught up, and returns whether it has. If no relay can be reached, the status is
     * {@code UNREACHABLE}; no exception is thrown.
     *
     * @param timeout zero asks once
     * @throws IllegalArgumentException when the timeout is negative
     * @throws RelayRequestException when all relays refuse with the same HTTP status, for example because none has the
     *     projection
     */
    public WatermarkAnswer await(String projection, Token token, Duration timeout) throws InterruptedException {
        return await(projection, Freshness.of(token), timeout);
    }

    /**
     * The same for a reader that may have no token. A relay before 0.2 rejects questions without one.
     *
     * @param timeout zero asks once
     * @throws IllegalArgumentException when the timeout is negative
     * @throws RelayRequestException when all relays refuse with the same HTTP status
     */
    public WatermarkAnswer await(String projection, Freshness wanted, Duration timeout) throws InterruptedException {
        requireTimeout(timeout);
        Deadline deadline = Deadline.after(timeout);
        WatermarkAnswer answer = api.watermark(projection, wanted, deadline);
        while (answer.status() == WatermarkStatus.TIMEOUT && pauseBefore(deadline)) {
            answer = afterWaiting(
                    answer.waitedMillis(), api.watermark(projection, again(wanted, answer.token()), deadline));
        }
        return answer;
    }

    /** {@code now} is the moment of the first question, also if a relay shortens the wait. */
    private static Freshness again(Freshness wanted, Optional<Token> answered) {
        return wanted instanceof Freshness.Now ? answered.map(Freshness::of).orElse(wanted) : wanted;
    }

    private static WatermarkAnswer afterWaiting(long millis, WatermarkAnswer answer) {
        return new WatermarkAnswer(
                answer.projection(),
                answer.status(),
                answer.phase(),
                answer.reason(),
                answer.waitedMillis() + millis,
                answer.behind(),
                answer.token());
    }

    /** Returns false if no time is left to ask again. A relay limits a wait to its {@code watermark.maxWait}. */
    private static boolean pauseBefore(Deadline deadline) throws InterruptedException {
        if (deadline.left().toMillis() <= PAUSE_MILLIS) {
            return false;
        }
        TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        return true;
    }

    /**
     * Waits until the projection has caught up, and returns where to read. The fallback decides in every other case: a
     * status other than success, no relay that answers, or all relays refusing the request, which is also logged.
     *
     * @param timeout zero asks once
     * @param fallback where to read if it has not caught up, or if that is not known
     * @throws IllegalArgumentException when the timeout is negative
     * @throws NotCaughtUpException when it has not caught up and the fallback is {@link Fallback#FAIL}; its cause is a
     *     {@link RelayRequestException} when all relays refuse the request
     */
    public ReadFrom await(String projection, Token token, Duration timeout, Fallback fallback)
            throws InterruptedException, NotCaughtUpException {
        return await(projection, Freshness.of(token), timeout, fallback);
    }

    /**
     * The same for a reader that may have no token.
     *
     * @throws IllegalArgumentException when the timeout is negative
     * @throws NotCaughtUpException when it has not caught up and the fallback is {@link Fallback#FAIL}
     */
    public ReadFrom await(String projection, Freshness wanted, Duration timeout, Fallback fallback)
            throws InterruptedException, NotCaughtUpException {
        WatermarkAnswer answer;
        @Nullable RelayRequestException refusal = null;
        try {
            answer = await(projection, wanted, timeout);
        } catch (RelayRequestException e) {
            refusal = e;
            answer = new WatermarkAnswer(
                    projection,
                    WatermarkStatus.UNREACHABLE,
                    "",
                    String.valueOf(e.getMessage()),
                    0,
                    List.of(),
                    wanted instanceof Freshness.OfToken ofToken ? Optional.of(ofToken.token()) : Optional.empty());
        }
        if (answer.isCaughtUp()) {
            return ReadFrom.PROJECTION;
        }
        if (fallback == Fallback.FAIL) {
            throw new NotCaughtUpException(
                    "projection " + projection + " has not caught up with " + wanted + " within " + timeout + ": "
                            + answer,
                    List.of(answer),
                    refusal);
        }
        if (refusal != null) {
            logRefusal(projection, fallback, refusal);
        }
        return fallback == Fallback.STALE ? ReadFrom.STALE_PROJECTION : ReadFrom.PRIMARY;
    }

    /** Without this line, a misspelt name or a missing token would not be noticed. At most one line a minute. */
    private void logRefusal(String projection, Fallback fallback, RelayRequestException refusal) {
        long now = System.nanoTime();
        long next = nextLogNanos.get();
        if (now - next >= 0 && nextLogNanos.compareAndSet(next, now + LOG_INTERVAL_NANOS)) {
            LOG.warn(
                    "event=relays-refuse projection={} fallback={} reason=\"{}\"",
                    projection,
                    fallback,
                    refusal.getMessage());
        }
    }

    /**
     * Waits for several projections at once, in one request if the wait is within the relay's maximum.
     *
     * @param projections at least one
     * @param timeout zero asks once
     * @throws IllegalArgumentException when the timeout is negative or no projection is named
     * @throws RelayRequestException when all relays refuse with the same HTTP status, for example because none has one of
     *     them
     */
    public CombinedAnswer awaitAll(List<String> projections, Token token, Duration timeout, Mode mode)
            throws InterruptedException {
        return awaitAll(projections, Freshness.of(token), timeout, mode);
    }

    /**
     * The same for a reader that may have no token.
     *
     * @throws IllegalArgumentException when the timeout is negative or no projection is named
     * @throws RelayRequestException when all relays refuse with the same HTTP status
     */
    public CombinedAnswer awaitAll(List<String> projections, Freshness wanted, Duration timeout, Mode mode)
            throws InterruptedException {
        requireTimeout(timeout);
        if (projections.isEmpty()) {
            throw new IllegalArgumentException("projections is empty; name at least one");
        }
        String modeName = mode.name().toLowerCase(Locale.ROOT);
        Deadline deadline = Deadline.after(timeout);
        CombinedAnswer answer = api.watermarks(projections, wanted, deadline, modeName);
        while (answer.status() == WatermarkStatus.TIMEOUT && pauseBefore(deadline)) {
            answer = api.watermarks(projections, again(wanted, answer.token()), deadline, modeName);
        }
        return answer;
    }

    private static void requireTimeout(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("timeout must not be negative, but is " + timeout);
        }
    }
}
