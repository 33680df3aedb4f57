// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.relay;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Asks one relay after another until one answers or the time is over. If a relay is unreachable, is busy (429, 503),
 * refuses, or returns something that is not a relay's answer, the next relay is asked. After each round there is a
 * pause. A relay with {@code Retry-After} is not asked before that time. Starts with the relay that answered last. Safe
 * on any thread.
 */
final class RelayHttp {

    private static final long FIRST_PAUSE_MILLIS = 50;
    private static final long LONGEST_PAUSE_MILLIS = 2_000;

    private final HttpClient http;
    private final List<URI> relays;
    private final Optional<BearerToken> bearerToken;
    private final AtomicInteger first = new AtomicInteger();

    /** @param bearerToken sent with each request, if set */
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
        if (http.followRedirects() != HttpClient.Redirect.NEVER) {
            throw new IllegalArgumentException("the HTTP client follows redirects, and would take the bearer token to"
                    + " wherever they lead; build it with followRedirects(HttpClient.Redirect.NEVER)");
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

    /** Builds the request for a relay and the time left. */
    @FunctionalInterface
    interface RequestFor {
        HttpRequest.Builder to(URI relay, Duration left);
    }

    /**
     * The answer of the first relay that answers.
     *
     * @param request for a base URL and the time that the relay may take
     * @param reader of a response's JSON
     * @throws RelayRequestException when all relays refuse with the same HTTP status
     * @throws NoRelayAnswered when the wait is over, or will be before a relay wants to be asked again
     */
    <T> T ask(RequestFor request, Function<JsonNode, Reading<T>> reader, Deadline deadline)
            throws NoRelayAnswered, InterruptedException {
        Round<T> round = new Round<>(relays.size());
        long pauseMillis = FIRST_PAUSE_MILLIS;
        while (true) {
            for (int i = 0; i < relays.size(); i++) {
                int relay = (Math.floorMod(first.get(), relays.size()) + i) % relays.size();
                Duration timeout = deadline.leftForARequest();
                if (round.isDue(relay) && !timeout.isZero()) {
                    Attempt<T> attempt = send(request.to(relays.get(relay), deadline.left()), reader, timeout);
                    if (attempt instanceof Attempt.Answered<T> answered) {
                        first.set(relay);
                        return answered.value();
                    }
                    round.failed(relay, attempt);
                }
            }
            RelayRequestException refusal = round.refusalOfAll();
            if (refusal != null) {
                throw refusal;
            }
            long leftMillis = deadline.left().toMillis();
            long dueMillis = Math.max(round.dueInMillis(), pauseMillis);
            if (leftMillis <= dueMillis) {
                throw new NoRelayAnswered(round.reasons(relays));
            }
            TimeUnit.MILLISECONDS.sleep(Math.min(withJitter(dueMillis), leftMillis));
            pauseMillis = Math.min(pauseMillis * 2, LONGEST_PAUSE_MILLIS);
        }
    }

    /** The JDK's own exception would end the wait, and have the token in its message. */
    private static String sendable(String token) throws IOException {
        if (token.isEmpty() || token.chars().anyMatch(c -> c <= ' ' || c > '~')) {
            throw new IOException(
                    "the bearer token has spaces, line ends or characters beyond ASCII, which no header can"
                            + " have; strip it where it is read");
        }
        return token;
    }

    private static long withJitter(long millis) {
        return millis + ThreadLocalRandom.current().nextLong(millis / 2 + 1);
    }

    /** The timeout covers the whole response; that of {@code HttpRequest} covers only the headers. */
    private <T> Attempt<T> send(HttpRequest.Builder request, Function<JsonNode, Reading<T>> reader, Duration timeout)
            throws InterruptedException {
        @Nullable CompletableFuture<HttpResponse<String>> response = null;
        try {
            if (bearerToken.isPresent()) {
                request.setHeader(
                        "Authorization", "Bearer " + sendable(bearerToken.get().current()));
            }
            response = http.sendAsync(request.timeout(timeout).build(), head -> new LimitedText());
            return Attempt.of(response.get(timeout.toNanos(), TimeUnit.NANOSECONDS), reader);
        } catch (IOException e) {
            return new Attempt.Later<>(e.toString(), 0);
        } catch (ExecutionException e) {
            return new Attempt.Later<>(String.valueOf(e.getCause()), 0);
        } catch (TimeoutException e) {
            return new Attempt.Later<>("no complete response within " + timeout.toMillis() + " ms", 0);
        } finally {
            if (response != null) {
                response.cancel(true); // does nothing when it is complete
            }
        }
    }
}
