// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.web;

import io.tidemark.outbox.Token;
import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.outbox.seal.TokenSeal;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Optional;

/**
 * Reads the tokens of a request, from header and cookie, for {@link #received}, and returns them with the response for
 * the caller to keep. Safe on any thread.
 */
public final class TokenServletFilter implements Filter {

    private static final String RECEIVED = "io.tidemark.token.received";
    private static final String UNREADABLE = "io.tidemark.token.unreadable";
    private static final String WRITTEN = "io.tidemark.token.written";
    private static final String FORM = "io.tidemark.token.form";

    private final UnreadableTokens unreadableTokens;
    private final TokenForm form;
    private final IgnoredTokenLog log = new IgnoredTokenLog();

    /** A filter that ignores tokens that it cannot read. */
    public TokenServletFilter() {
        this(UnreadableTokens.IGNORE);
    }

    public TokenServletFilter(UnreadableTokens unreadableTokens) {
        this(unreadableTokens, TokenForm.PLAIN);
    }

    /** A filter that accepts and returns only sealed tokens. */
    public TokenServletFilter(UnreadableTokens unreadableTokens, TokenSeal seal) {
        this(unreadableTokens, (TokenForm) seal);
    }

    private TokenServletFilter(UnreadableTokens unreadableTokens, TokenForm form) {
        this.unreadableTokens = unreadableTokens;
        this.form = form;
    }

    /** The request's token, from all its header lines and cookies; empty if none can be read. */
    public static Optional<Token> received(HttpServletRequest request) {
        return attribute(request, RECEIVED);
    }

    /**
     * Why the filter has ignored a part of the request's token, for people; empty if it has not. Also in the request's
     * attribute {@code io.tidemark.token.unreadable}.
     */
    public static Optional<String> unreadable(HttpServletRequest request) {
        return request.getAttribute(UNREADABLE) instanceof String reason ? Optional.of(reason) : Optional.empty();
    }

    /**
     * Adds the token of the last write to the response's token, which has the tokens of earlier writes and of the
     * request. Call it before the response's body is written.
     */
    public static void written(HttpServletRequest request, HttpServletResponse response, Token token) {
        Token all =
                attribute(request, WRITTEN).map(before -> before.merge(token)).orElse(token);
        request.setAttribute(WRITTEN, all);
        TokenHeader.merge(received(request), Optional.of(all))
                .ifPresent(merged -> response.setHeader(Token.HTTP_HEADER, text(request, merged)));
    }

    /**
     * Replaces the request's token by the one that a relay's answer says to carry on with, so that the caller does not come
     * back with a part whose write was lost. Call it with the answer to a question about {@link #received}, before the
     * response's body is written. Where nothing is left, the response's header is empty, and the caller has no token.
     *
     * @param answered {@code token()} of the answer
     */
    public static void carryOn(HttpServletRequest request, HttpServletResponse response, Optional<Token> answered) {
        request.setAttribute(RECEIVED, answered.orElse(null));
        response.setHeader(
                Token.HTTP_HEADER,
                TokenHeader.merge(answered, attribute(request, WRITTEN))
                        .map(token -> text(request, token))
                        .orElse(""));
    }

    private static String text(HttpServletRequest request, Token token) {
        return (request.getAttribute(FORM) instanceof TokenForm form ? form : TokenForm.PLAIN).write(token);
    }

    private static Optional<Token> attribute(HttpServletRequest request, String name) {
        return request.getAttribute(name) instanceof Token token ? Optional.of(token) : Optional.empty();
    }

    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (request instanceof HttpServletRequest http && response instanceof HttpServletResponse answer) {
            http.setAttribute(FORM, form);
            TokenHeader.Received received =
                    TokenHeader.read(lines(http, Token.HTTP_HEADER), lines(http, "Cookie"), form);
            if (!received.unreadable().isEmpty()) {
                if (unreadableTokens == UnreadableTokens.REJECT) {
                    answer.sendError(HttpServletResponse.SC_BAD_REQUEST, received.refusal());
                    return;
                }
                log.ignored(received.unreadable());
                http.setAttribute(UNREADABLE, received.unreadable());
            }
            received.token().ifPresent(token -> {
                http.setAttribute(RECEIVED, token);
                answer.setHeader(Token.HTTP_HEADER, form.write(token));
            });
        }
        chain.doFilter(request, response);
    }

    /** Empty if the container does not give access to headers. */
    private static List<String> lines(HttpServletRequest request, String name) {
        Enumeration<String> lines = request.getHeaders(name);
        return lines == null ? List.of() : Collections.list(lines);
    }
}
