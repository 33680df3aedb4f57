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
 * Takes the token from a request, for {@link #received}, and gives it back with the response, so that a caller keeps it.
 * A malformed one is answered with 400. Give it a writer's new token with {@link #written}, before the response's body.
 */
public final class TokenServletFilter implements Filter {

    private static final String RECEIVED = "io.tidemark.token.received";

    /** The token that the request came with. */
    public static Optional<Token> received(HttpServletRequest request) {
        return request.getAttribute(RECEIVED) instanceof Token token ? Optional.of(token) : Optional.empty();
    }

    /** Puts the token of what was just written on the response, together with the one that the request came with. */
    public static void written(HttpServletRequest request, HttpServletResponse response, Token token) {
        TokenHeader.merge(received(request), Optional.of(token))
                .ifPresent(merged -> response.setHeader(Token.HTTP_HEADER, merged.toString()));
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
