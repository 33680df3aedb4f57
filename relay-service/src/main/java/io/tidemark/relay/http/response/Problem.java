// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.response;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * An error in the form of RFC 9457: {@code type}, {@code title}, {@code status}, a {@code code} for programs, and a
 * {@code detail} for people.
 */
public final class Problem {

    static final String MEDIA_TYPE = "application/problem+json";

    private Problem() {}

    public static Response response(ProblemType type, String detail) {
        return builder(type.status(), body(type, detail)).build();
    }

    /** Of the general type of the status. The title counts only if the API has no type for the status. */
    public static Response response(int status, String title, String detail) {
        return builder(status, body(status, title, detail)).build();
    }

    /**
     * With a {@code Retry-After} of one to three seconds, so that rejected clients do not all return at the same time.
     */
    public static Response retryLater(ProblemType type, String detail) {
        return builder(type.status(), body(type, detail))
                .header(HttpHeaders.RETRY_AFTER, ThreadLocalRandom.current().nextInt(1, 4))
                .build();
    }

    /** The maximum number of waiting requests is reached. */
    public static Response tooManyWaiters(String reason) {
        return retryLater(ProblemType.TOO_MANY_WAITERS, reason);
    }

    /** This replica cannot know the answer now. */
    public static Response unavailable(String why) {
        return retryLater(ProblemType.UNAVAILABLE, why);
    }

    private static Response.ResponseBuilder builder(int status, ObjectNode body) {
        return Response.status(status).type(MEDIA_TYPE).entity(body);
    }

    static ObjectNode body(int status, String title, String detail) {
        Optional<ProblemType> type = ProblemType.of(status);
        return type.isPresent() ? body(type.get(), detail) : body("about:blank", title, status, kebab(title), detail);
    }

    private static ObjectNode body(ProblemType type, String detail) {
        return body(type.uri(), type.title(), type.status(), type.code(), detail);
    }

    private static ObjectNode body(String uri, String title, int status, String code, String detail) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("type", uri)
                .put("title", title)
                .put("status", status)
                .put("code", code)
                .put("detail", detail);
    }

    private static String kebab(String title) {
        return title.strip().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
    }

    public static WebApplicationException badRequest(String detail) {
        return of(ProblemType.BAD_REQUEST, detail);
    }

    public static WebApplicationException notFound(String detail) {
        return of(ProblemType.NOT_FOUND, detail);
    }

    public static WebApplicationException of(ProblemType type, String detail) {
        return new WebApplicationException(response(type, detail));
    }
}
