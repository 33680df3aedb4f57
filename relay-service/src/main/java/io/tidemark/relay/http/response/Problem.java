// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.response;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.concurrent.ThreadLocalRandom;

/** An error in the form of RFC 9457: {@code type}, {@code title}, {@code status} and a {@code detail} for people. */
public final class Problem {

    static final String MEDIA_TYPE = "application/problem+json";

    private Problem() {}

    public static Response response(int status, String title, String detail) {
        return builder(status, title, detail).build();
    }

    /**
     * With a {@code Retry-After} of one to three seconds, so that rejected clients do not all return at the same time.
     */
    public static Response retryLater(int status, String title, String detail) {
        return builder(status, title, detail)
                .header(HttpHeaders.RETRY_AFTER, ThreadLocalRandom.current().nextInt(1, 4))
                .build();
    }

    /** The maximum number of waiting requests is reached. */
    public static Response tooManyWaiters(String reason) {
        return retryLater(429, "Too Many Requests", reason);
    }

    /** This replica cannot know the answer now. */
    public static Response unavailable(String why) {
        return retryLater(503, "Service Unavailable", why);
    }

    private static Response.ResponseBuilder builder(int status, String title, String detail) {
        return Response.status(status).type(MEDIA_TYPE).entity(body(status, title, detail));
    }

    static ObjectNode body(int status, String title, String detail) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("type", "about:blank")
                .put("title", title)
                .put("status", status)
                .put("detail", detail);
    }

    public static WebApplicationException badRequest(String detail) {
        return of(400, "Bad Request", detail);
    }

    public static WebApplicationException notFound(String detail) {
        return of(404, "Not Found", detail);
    }

    public static WebApplicationException of(int status, String title, String detail) {
        return new WebApplicationException(response(status, title, detail));
    }
}
