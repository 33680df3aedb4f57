// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.server;

import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.http.response.ProblemType;
import jakarta.annotation.Priority;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.PreMatching;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.Optional;

/**
 * Lets in requests with a valid bearer token (RFC 6750). Applies to every path of the application port, also to unknown
 * ones.
 */
@PreMatching
@Priority(Priorities.AUTHENTICATION)
public final class BearerFilter implements ContainerRequestFilter {

    private final BearerTokens tokens;

    public BearerFilter(BearerTokens tokens) {
        this.tokens = tokens;
    }

    @Override
    public void filter(ContainerRequestContext request) {
        String problem = tokens.problem();
        if (!problem.isEmpty()) { // the log has the path of the file, for those who may know it
            request.abortWith(Problem.unavailable("the relay's http.bearerTokenFile cannot be used; its log says why"));
            return;
        }
        Optional<String> token = BearerTokens.tokenOf(request.getHeaderString(HttpHeaders.AUTHORIZATION));
        if (token.isEmpty()) {
            request.abortWith(unauthorized("Bearer realm=\"tidemark\"", "show a token: Authorization: Bearer …"));
        } else if (!tokens.accepts(token.get())) {
            request.abortWith(unauthorized(
                    "Bearer realm=\"tidemark\", error=\"invalid_token\"", "the bearer token is none of the relay's"));
        }
    }

    private static Response unauthorized(String challenge, String detail) {
        return Response.fromResponse(Problem.response(ProblemType.UNAUTHORIZED, detail))
                .header(HttpHeaders.WWW_AUTHENTICATE, challenge)
                .build();
    }
}
