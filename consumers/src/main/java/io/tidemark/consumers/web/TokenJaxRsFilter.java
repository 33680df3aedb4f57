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
 * Takes the token from a request, for {@link #received}, and gives it back with the response, merged with what the
 * resource says was {@link #written}. A malformed one is answered with 400. Register one instance.
 */
public final class TokenJaxRsFilter implements ContainerRequestFilter, ContainerResponseFilter {

    private static final String RECEIVED = "io.tidemark.token.received";
    private static final String WRITTEN = "io.tidemark.token.written";

    /** The token that the request came with. */
    public static Optional<Token> received(ContainerRequestContext request) {
        return property(request, RECEIVED);
    }

    /** To be told by the resource: the token of what it has just written. */
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
