package io.tidemark.consumers.web;

import io.tidemark.outbox.Token;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Optional;

/**
 * Reads the token of a request, for {@link #received}, and returns it with the response, so that the caller keeps it. A
 * malformed token is answered with 400. Safe on any thread.
 */
public final class TokenServletFilter implements Filter {

    private static final String RECEIVED = "io.tidemark.token.received";
    private static final String WRITTEN = "io.tidemark.token.written";

    /** The request's token; empty when it has none. */
    public static Optional<Token> received(HttpServletRequest request) {
        return attribute(request, RECEIVED);
    }

    /**
     * Sets the response's token to that of what was just written, merged with those written before and the one received.
     * Call it before the response's body is written.
     */
    public static void written(HttpServletRequest request, HttpServletResponse response, Token token) {
        Token all =
                attribute(request, WRITTEN).map(before -> before.merge(token)).orElse(token);
        request.setAttribute(WRITTEN, all);
        TokenHeader.merge(received(request), Optional.of(all))
                .ifPresent(merged -> response.setHeader(Token.HTTP_HEADER, merged.toString()));
    }

    private static Optional<Token> attribute(HttpServletRequest request, String name) {
        return request.getAttribute(name) instanceof Token token ? Optional.of(token) : Optional.empty();
    }

    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (request instanceof HttpServletRequest http && response instanceof HttpServletResponse answer) {
            try {
                TokenHeader.read(http.getHeader(Token.HTTP_HEADER)).ifPresent(token -> {
                    http.setAttribute(RECEIVED, token);
                    answer.setHeader(Token.HTTP_HEADER, token.toString());
                });
            } catch (IllegalArgumentException e) {
                answer.sendError(HttpServletResponse.SC_BAD_REQUEST, String.valueOf(e.getMessage()));
                return;
            }
        }
        chain.doFilter(request, response);
    }
}
