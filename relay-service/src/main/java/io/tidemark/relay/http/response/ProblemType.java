// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.response;

import io.tidemark.outbox.seal.UnacceptedTokenException;
import java.util.Locale;
import java.util.Optional;

/**
 * The kinds of problems that the HTTP API reports. Names and statuses are part of the API: a program may depend on them.
 * The relay serves each description at its {@link #uri}; {@code docs/http-api.md} lists all.
 */
public enum ProblemType {
    /** The token cannot be parsed. */
    MALFORMED_TOKEN(
            400, "Malformed token", "The token cannot be parsed.", "Send what outbox.token() returned, unchanged."),
    /** The token is not sealed, and the relay accepts only sealed ones. */
    UNSEALED_TOKEN(
            400,
            "Unsealed token",
            "The relay has tokens.secretFile, and the token is not sealed. A plain one could be forged.",
            "Seal what outbox.token() returned: with a client library, or with tidemark token seal."),
    /** The token is sealed, and the relay has no secret. */
    NO_SECRET(
            400,
            "No secret",
            "The token is sealed, and the relay has no tokens.secretFile to open it.",
            "Set tokens.secretFile on every relay, or do not seal."),
    /** No secret of the relay opens the token. */
    SEAL_NOT_VALID(
            400,
            "Seal not valid",
            "No secret of the relay opens the token: it was altered, or sealed with another secret.",
            "Give writers and relays the same secrets. While they change, the relays need both."),
    /** A duration cannot be parsed. */
    MALFORMED_DURATION(
            400,
            "Malformed duration",
            "wait, waitMillis, maxStaleness or maxStalenessMillis is not a duration.",
            "Write a whole number and its unit (750ms, 2s), or whole milliseconds where the name ends in Millis."),
    /** Another parameter has a value that is not allowed. */
    MALFORMED_PARAMETER(
            400,
            "Malformed parameter",
            "A parameter has a value that is not allowed. detail names it.",
            "Correct the value."),
    /** A required parameter is absent. */
    MISSING_PARAMETER(
            400,
            "Missing parameter",
            "The request lacks a parameter that it needs. detail names it.",
            "Add the parameter."),
    /** Parameters exclude each other, or one needs another. */
    CONFLICTING_PARAMETERS(
            400,
            "Conflicting parameters",
            "Two parameters exclude each other, or one is of use only with another.",
            "Send one of the two, or add the one that is missing."),
    /** The path has no such parameter, or it is repeated. */
    UNKNOWN_PARAMETER(
            400,
            "Unknown parameter",
            "The path has no parameter of that name, or the parameter is given twice.",
            "Correct the name, or send it once."),
    /** The body is not what the path expects. */
    MALFORMED_BODY(
            400,
            "Malformed body",
            "The body is not one JSON object, has a field twice, or one that the path does not have.",
            "Send a JSON object with the documented fields."),
    /** Another malformed request. */
    BAD_REQUEST(400, "Bad request", "The request is not valid for this server.", "Correct what detail names."),
    /** The bearer token is missing, or is not one of the relay's. */
    UNAUTHORIZED(
            401,
            "Unauthorized",
            "The relay requires a bearer token (http.bearerTokenFile), and the request has none of its tokens.",
            "Send Authorization: Bearer with one of the relay's tokens."),
    /** No projection has that name. */
    UNKNOWN_PROJECTION(
            404,
            "Unknown projection",
            "This relay has no projection of that name.",
            "Correct the name. Or add the projection to projections[] of every replica, and restart them."),
    /** No replica has that name. */
    UNKNOWN_REPLICA(
            404,
            "Unknown replica",
            "This relay has no standby of that name.",
            "Correct the name, or add the standby to postgres.replicas."),
    /** There is no such event. */
    UNKNOWN_EVENT(
            404,
            "Unknown event",
            "The event is not in the outbox, among the dead letters, or in the named topic.",
            "Check the id. Name topic and since if the event has no row."),
    /** There is no such problem type. */
    UNKNOWN_PROBLEM(404, "Unknown problem type", "This relay has no problem type of that name.", "Correct the name."),
    /** There is no such path. */
    NOT_FOUND(404, "Not found", "The API has no such path.", "Correct the path."),
    /** The path does not have this method. */
    METHOD_NOT_ALLOWED(405, "Method not allowed", "The path does not have this method.", "Use the documented method."),
    /** The client does not accept JSON. */
    NOT_ACCEPTABLE(
            406,
            "Not acceptable",
            "The Accept header excludes what the path returns.",
            "Accept application/json, or send no Accept header."),
    /** The body did not arrive in time. */
    REQUEST_TIMEOUT(408, "Request timeout", "The body did not arrive within 10 s.", "Send the body at once."),
    /** The body is too large. */
    CONTENT_TOO_LARGE(413, "Content too large", "The body has more than 64 KiB.", "Send a shorter body."),
    /** The URI is too long. */
    URI_TOO_LONG(414, "URI too long", "The request line is too long.", "Send a shorter URI."),
    /** The content type is not supported. */
    UNSUPPORTED_MEDIA_TYPE(
            415, "Unsupported media type", "The body has a type that the path does not read.", "Send JSON."),
    /** The maximum number of requests that wait is reached. */
    TOO_MANY_WAITERS(
            429,
            "Too many waiters",
            "watermark.maxWaiters or watermark.maxWaitersPerProjection is reached.",
            "Ask another replica, or again after Retry-After."),
    /** The maximum number of searches is reached. */
    TOO_MANY_SEARCHES(
            429,
            "Too many searches",
            "The maximum number of concurrent searches for events is reached.",
            "Search again after Retry-After."),
    /** The headers are too large. */
    HEADERS_TOO_LARGE(431, "Headers too large", "The headers have more than 8 KiB.", "Send fewer or shorter headers."),
    /** A bug of the relay. */
    INTERNAL_ERROR(
            500,
            "Internal error",
            "This is a bug of the relay. Its log has the stack trace.",
            "Report the bug with the stack trace."),
    /** This replica cannot know the answer now. */
    UNAVAILABLE(
            503,
            "Unavailable",
            "This replica cannot know the answer now. detail says why.",
            "Ask another replica, or again after Retry-After.");

    private static final String PATH = "/v1/problems/";

    private final int status;
    private final String title;
    private final String meaning;
    private final String fix;

    ProblemType(int status, String title, String meaning, String fix) {
        this.status = status;
        this.title = title;
        this.meaning = meaning;
        this.fix = fix;
    }

    /** For programs, in kebab case. */
    public String code() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Where a relay serves the description, relative to its base URL. */
    public String uri() {
        return PATH + code();
    }

    public int status() {
        return status;
    }

    public String title() {
        return title;
    }

    /** What has happened, for people. */
    public String meaning() {
        return meaning;
    }

    /** What to do, for people. */
    public String fix() {
        return fix;
    }

    /** The type for a token that another process might accept. */
    public static ProblemType of(UnacceptedTokenException refused) {
        return switch (refused.why()) {
            case NO_SECRET -> NO_SECRET;
            case UNSEALED_TOKEN -> UNSEALED_TOKEN;
            case SEAL_NOT_VALID -> SEAL_NOT_VALID;
        };
    }

    public static Optional<ProblemType> of(String code) {
        for (ProblemType type : values()) {
            if (type.code().equals(code)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /** The general type of an HTTP status; empty if the API does not use that status. */
    static Optional<ProblemType> of(int status) {
        return switch (status) {
            case 400 -> Optional.of(BAD_REQUEST);
            case 404 -> Optional.of(NOT_FOUND);
            case 429 -> Optional.of(TOO_MANY_WAITERS);
            default -> {
                for (ProblemType type : values()) {
                    if (type.status == status) {
                        yield Optional.of(type);
                    }
                }
                yield Optional.empty();
            }
        };
    }
}
