// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.web;

import io.tidemark.outbox.Token;
import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.outbox.seal.TokenSeal;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Optional;

/**
 * Reads the tokens of a request, from header and cookie, for {@link #received}, and returns them with the response,
 * merged with the tokens passed to {@link #written}. Register one instance; it is safe on any thread.
 */
public final class TokenJaxRsFilter implements ContainerRequestFilter, ContainerResponseFilter {

    private static final String RECEIVED = "io.tidemark.token.received";
    private static final String UNREADABLE = "io.tidemark.token.unreadable";
    private static final String REPLACED = "io.tidemark.token.replaced";
    private static final String WRITTEN = "io.tidemark.token.written";

    private final UnreadableTokens unreadableTokens;
    private final TokenForm form;
    private final IgnoredTokenLog log = new IgnoredTokenLog();

    /** A filter that ignores tokens that it cannot read. */
    public TokenJaxRsFilter() {
        this(UnreadableTokens.IGNORE);
    }

    public TokenJaxRsFilter(UnreadableTokens unreadableTokens) {
        this(unreadableTokens, TokenForm.PLAIN);
    }

    /** A filter that accepts and returns only sealed tokens. */
    public TokenJaxRsFilter(UnreadableTokens unreadableTokens, TokenSeal seal) {
        this(unreadableTokens, (TokenForm) seal);
    }

    private TokenJaxRsFilter(UnreadableTokens unreadableTokens, TokenForm form) {
        this.unreadableTokens = unreadableTokens;
        this.form = form;
    }

    /** The request's token, from all its header lines and cookies; empty if none can be read. */
    public static Optional<Token> received(ContainerRequestContext request) {
        return property(request, RECEIVED);
    }

    /**
     * Why the filter has ignored a part of the request's token, for people; empty if it has not. Also in the request's
     * property {@code io.tidemark.token.unreadable}.
     */
    public static Optional<String> unreadable(ContainerRequestContext request) {
        return request.getProperty(UNREADABLE) instanceof String reason ? Optional.of(reason) : Optional.empty();
    }

    /** Adds the token of the resource's last write to the response. Call it before the response is sent. */
    public static void written(ContainerRequestContext request, Token token) {
        Token all =
                property(request, WRITTEN).map(before -> before.merge(token)).orElse(token);
        request.setProperty(WRITTEN, all);
    }

    /**
     * Replaces the request's token by the one that a relay's answer says to carry on with, so that the caller does not come
     * back with a part whose write was lost. Call it with the answer to a question about {@link #received}, before the
     * response is sent. Where nothing is left, the response's header is empty, and the caller has no token.
     *
     * @param answered {@code token()} of the answer
     */
    public static void carryOn(ContainerRequestContext request, Optional<Token> answered) {
        request.setProperty(REPLACED, true);
        request.setProperty(RECEIVED, answered.orElse(null));
    }

    private static Optional<Token> property(ContainerRequestContext request, String name) {
        return request.getProperty(name) instanceof Token token ? Optional.of(token) : Optional.empty();
    }

    @Override
    public void filter(ContainerRequestContext request) {
        TokenHeader.Received received =
                TokenHeader.read(lines(request, Token.HTTP_HEADER), lines(request, HttpHeaders.COOKIE), form);
        if (!received.unreadable().isEmpty()) {
            if (unreadableTokens == UnreadableTokens.REJECT) {
                request.abortWith(Response.status(Response.Status.BAD_REQUEST)
                        .type(MediaType.TEXT_PLAIN_TYPE)
                        .entity(received.refusal())
                        .build());
                return;
            }
            log.ignored(received.unreadable());
            request.setProperty(UNREADABLE, received.unreadable());
        }
        received.token().ifPresent(token -> request.setProperty(RECEIVED, token));
    }

    private static List<String> lines(ContainerRequestContext request, String name) {
        return request.getHeaders().getOrDefault(name, List.of());
    }

    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        Optional<Token> kept = TokenHeader.merge(received(request), property(request, WRITTEN));
        if (kept.isPresent() || request.getProperty(REPLACED) != null) {
            response.getHeaders()
                    .putSingle(Token.HTTP_HEADER, kept.map(form::write).orElse(""));
        }
    }
}
