package io.tidemark.consumers.web;

import io.tidemark.outbox.Token;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.Optional;

/**
 * Reads the token of a request, for {@link #received}, and returns it with the response, merged with the tokens that the
 * resource has {@link #written}. A malformed token is answered with 400. Register one instance; it is safe on any thread.
 */
public final class TokenJaxRsFilter implements ContainerRequestFilter, ContainerResponseFilter {

    private static final String RECEIVED = "io.tidemark.token.received";
    private static final String WRITTEN = "io.tidemark.token.written";

    /** The request's token; empty when it has none. */
    public static Optional<Token> received(ContainerRequestContext request) {
        return property(request, RECEIVED);
    }

    /** Adds the token of what the resource has just written to the response; call it before the response is sent. */
    public static void written(ContainerRequestContext request, Token token) {
        Token all =
                property(request, WRITTEN).map(before -> before.merge(token)).orElse(token);
        request.setProperty(WRITTEN, all);
    }

    private static Optional<Token> property(ContainerRequestContext request, String name) {
        return request.getProperty(name) instanceof Token token ? Optional.of(token) : Optional.empty();
    }

    @Override
    public void filter(ContainerRequestContext request) {
        try {
            TokenHeader.read(request.getHeaderString(Token.HTTP_HEADER))
                    .ifPresent(token -> request.setProperty(RECEIVED, token));
        } catch (IllegalArgumentException e) {
            request.abortWith(Response.status(Response.Status.BAD_REQUEST)
                    .type(MediaType.TEXT_PLAIN_TYPE)
                    .entity(e.getMessage())
                    .build());
        }
    }

    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        TokenHeader.merge(received(request), property(request, WRITTEN))
                .ifPresent(token -> response.getHeaders().putSingle(Token.HTTP_HEADER, token.toString()));
    }
}
