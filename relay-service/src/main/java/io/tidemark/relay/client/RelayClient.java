// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.relay.reason.Reason;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Asks relays, one request after the other. Safe on any thread; holds no connection that needs closing. */
public final class RelayClient {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(3);
    private static final int MOST_BYTES = 16 * 1024 * 1024;
    private static final long LONGEST_RETRY_SECONDS = 60;

    private final HttpClient http;
    private final Optional<String> bearerToken;

    /**
     * A client for all relays of one command.
     *
     * @param bearerTokenFile file with the token for relays that set {@code http.bearerTokenFile}
     * @param tls for {@code https}
     */
    public RelayClient(Optional<Path> bearerTokenFile, ClientTls tls) throws CannotAsk {
        HttpClient.Builder builder =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT_TIMEOUT);
        tls.context().ifPresent(builder::sslContext);
        this.http = builder.build();
        this.bearerToken = bearerTokenFile.isEmpty() ? Optional.empty() : Optional.of(token(bearerTokenFile.get()));
    }

    /** A client over plain HTTP, through no proxy; {@link #get(URI, String, Optional, Duration)} names the token of each request. */
    public RelayClient() {
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT_TIMEOUT)
                .proxy(HttpClient.Builder.NO_PROXY) // to peers, by address
                .build();
        this.bearerToken = Optional.empty();
    }

    /** The first token of the file. The file may be the relay's own, which has one token on each line. */
    private static String token(Path file) throws CannotAsk {
        String token;
        try {
            token = Files.readString(file)
                    .strip()
                    .lines()
                    .findFirst()
                    .orElse("")
                    .strip();
        } catch (IOException e) {
            throw new CannotAsk("--bearer-token-file " + file + " cannot be read: " + Reason.of(e), e);
        }
        if (token.isEmpty() || token.chars().anyMatch(c -> c <= ' ' || c > '~')) {
            throw new CannotAsk("--bearer-token-file " + file
                    + " has no token of visible ASCII characters; write the token on a separate line of the file");
        }
        return token;
    }

    /**
     * Sends one request.
     *
     * @param path with its query, already encoded
     * @param timeout for the whole answer
     */
    public RelayReply get(URI relay, String path, Duration timeout) throws InterruptedException {
        return get(relay, path, bearerToken.map(token -> "Bearer " + token), timeout);
    }

    /**
     * The same on behalf of a caller.
     *
     * @param authorization the header of that name, if the caller has sent it
     */
    public RelayReply get(URI relay, String path, Optional<String> authorization, Duration timeout)
            throws InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(base(relay) + path)).header("Accept", "application/json");
        authorization.ifPresent(value -> request.header("Authorization", value));
        CompletableFuture<HttpResponse<byte[]>> answer =
                http.sendAsync(request.build(), head -> new LimitedBody(MOST_BYTES));
        try {
            return reply(answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS));
        } catch (TimeoutException e) { // the request's own timeout covers only the headers
            return new RelayReply.NoAnswer("no answer within " + timeout.toSeconds() + " s");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                return new RelayReply.NoAnswer(explain(failure));
            }
            throw new IllegalStateException(e);
        } finally {
            answer.cancel(true);
        }
    }

    private static String base(URI relay) {
        return relay.toString().replaceFirst("/+$", "");
    }

    private static RelayReply reply(HttpResponse<byte[]> response) {
        byte[] body = response.body();
        if (body.length > MOST_BYTES) {
            return new RelayReply.NoAnswer(
                    "its answer has more than " + MOST_BYTES + " bytes; is this a Tidemark relay?");
        }
        try {
            @Nullable JsonNode json = JSON.readTree(body);
            if (json != null && json.isObject()) {
                return new RelayReply.Answer(response.statusCode(), json, retryAfterMillis(response));
            }
        } catch (JsonProcessingException e) { // reported below
        } catch (IOException e) {
            throw new IllegalStateException("bytes in memory can be read", e);
        }
        return new RelayReply.NoAnswer(
                "HTTP " + response.statusCode() + " without JSON; is this the application port of a Tidemark relay?");
    }

    private static long retryAfterMillis(HttpResponse<?> response) {
        String seconds = response.headers().firstValue("Retry-After").orElse("0");
        return seconds.matches("[0-9]{1,6}")
                ? Math.min(Long.parseLong(seconds), LONGEST_RETRY_SECONDS) * 1000
                : LONGEST_RETRY_SECONDS * 1000;
    }

    private static String explain(IOException failure) {
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException) {
                return "the host name cannot be resolved";
            }
            if (cause instanceof SSLException) {
                return "TLS failed (" + cause.getMessage() + "); check that the relay serves https, that --ca-file is"
                        + " right, and --cert-file if the relay requires a client certificate";
            }
        }
        if (failure instanceof HttpConnectTimeoutException) {
            return "no connection within " + CONNECT_TIMEOUT.toSeconds() + " s";
        }
        if (failure instanceof ConnectException) {
            return "connection refused";
        }
        return "the connection broke (" + failure.getMessage() + ")";
    }
}
