// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.relay;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.consumers.BearerToken;
import io.tidemark.consumers.CombinedAnswer;
import io.tidemark.consumers.Freshness;
import io.tidemark.consumers.RelayRequestException;
import io.tidemark.consumers.WatermarkAnswer;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.outbox.seal.TokenForm;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * The requests of the relay's HTTP API, one method for each. Blocks its caller until at most {@link Deadline#GRACE}
 * after the deadline. Questions have {@code strict=false}, whatever a relay's default is: the status is in the body.
 * Safe on any thread.
 */
public final class RelayApi {

    private final RelayHttp relays;
    private final TokenForm form;

    /**
     * Requests without a bearer token, about plain tokens.
     *
     * @param relays base URLs of one or more replicas
     * @throws IllegalArgumentException when the client follows redirects: it would take the bearer token along
     */
    public RelayApi(HttpClient http, List<URI> relays) {
        this(new RelayHttp(http, relays, Optional.empty()), TokenForm.PLAIN);
    }

    private RelayApi(RelayHttp relays, TokenForm form) {
        this.relays = relays;
        this.form = form;
    }

    /** The same requests with a bearer token. */
    public RelayApi with(BearerToken token) {
        return new RelayApi(relays.with(token), form);
    }

    /** The same requests with tokens in this form. */
    public RelayApi with(TokenForm other) {
        return new RelayApi(relays, other);
    }

    /**
     * Asks whether the projection has caught up. The relay answers before the end of a wait that is longer than its
     * {@code watermark.maxWait}.
     *
     * @throws RelayRequestException when all relays refuse the same way
     */
    public WatermarkAnswer watermark(String projection, Freshness wanted, Deadline deadline)
            throws InterruptedException {
        long since = System.nanoTime();
        try {
            return relays.ask(
                    (relay, left) -> HttpRequest.newBuilder(URI.create(base(relay)
                            + "/v1/projections/"
                            + encoded(projection)
                            + "/watermark?"
                            + query(wanted)
                            + "&wait="
                            + left.toMillis()
                            + "ms&strict=false")),
                    json -> AnswerReader.answer(json, form, tokenOf(wanted)),
                    deadline);
        } catch (RelayHttp.NoRelayAnswered e) {
            return new WatermarkAnswer(
                    projection,
                    WatermarkStatus.UNREACHABLE,
                    "",
                    String.valueOf(e.getMessage()),
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - since),
                    List.of(),
                    tokenOf(wanted));
        }
    }

    /** The token of the question; empty if it has none. */
    static Optional<Token> tokenOf(Freshness wanted) {
        return wanted instanceof Freshness.OfToken ofToken ? Optional.of(ofToken.token()) : Optional.empty();
    }

    private String query(Freshness wanted) {
        if (wanted instanceof Freshness.OfToken ofToken) {
            return "token=" + encoded(form.write(ofToken.token()));
        }
        return wanted instanceof Freshness.Within within
                ? "maxStaleness=" + within.maxStaleness().toMillis() + "ms"
                : "token=now";
    }

    /**
     * Asks the same of several projections in one request.
     *
     * @param mode {@code all} or {@code any}
     */
    public CombinedAnswer watermarks(List<String> projections, Freshness wanted, Deadline deadline, String mode)
            throws InterruptedException {
        try {
            return relays.ask(
                    (relay, left) -> HttpRequest.newBuilder(URI.create(base(relay) + "/v1/wait?strict=false"))
                            .header("Content-Type", "application/json")
                            .POST(HttpRequest.BodyPublishers.ofString(waitBody(projections, wanted, left, mode))),
                    json -> AnswerReader.combined(json, form, tokenOf(wanted)),
                    deadline);
        } catch (RelayHttp.NoRelayAnswered e) {
            return new CombinedAnswer(
                    WatermarkStatus.UNREACHABLE, List.of(), String.valueOf(e.getMessage()), tokenOf(wanted));
        }
    }

    private String waitBody(List<String> projections, Freshness wanted, Duration left, String mode) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        if (wanted instanceof Freshness.Within within) {
            body.put("maxStaleness", within.maxStaleness().toMillis() + "ms");
        } else {
            body.put("token", tokenOf(wanted).map(form::write).orElse("now"));
        }
        body.put("wait", left.toMillis() + "ms").put("mode", mode);
        ArrayNode names = body.putArray("projections");
        projections.forEach(names::add);
        return body.toString();
    }

    /** The token of an answer; that of the question if it cannot be read. */
    Optional<Token> token(JsonNode token, Token asked) {
        return AnswerReader.token(token, form, Optional.of(asked));
    }

    /** What a projection needs for the token, by the relay's index alone: no group that is sick stands in the way. */
    <T> T explain(Token token, String projection, Function<JsonNode, Reading<T>> reader, Deadline deadline)
            throws InterruptedException, RelayHttp.NoRelayAnswered {
        return relays.ask(
                (relay, left) -> HttpRequest.newBuilder(URI.create(base(relay) + "/v1/tokens/"
                        + encoded(form.write(token)) + "?groups=false&projection=" + encoded(projection))),
                reader,
                deadline);
    }

    private static String base(URI relay) {
        String text = relay.toString();
        return text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
