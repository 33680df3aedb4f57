// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.gate;

import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.watermark.Answer;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.Optional;

/**
 * What the gate has found, and the HTTP response for it.
 *
 * @param status the value of {@code Tidemark-Status}
 * @param refusal the HTTP status if the gate does not let the request pass; 200 if it passes in any case
 * @param reason for people
 */
record GateVerdict(String status, int refusal, String reason) {

    /** The response header with the status. */
    static final String STATUS_HEADER = "Tidemark-Status";

    /** The request carries no token. */
    static final GateVerdict NONE = new GateVerdict("none", 200, "");

    /**
     * A part of the token cannot be read.
     *
     * @param reason what is wrong with it
     */
    static GateVerdict unreadable(String reason) {
        return new GateVerdict(
                "unreadable", 400, reason + "; send the token as outbox.token() returned it, or send none");
    }

    /**
     * @param showsPositions whether the reason may name LSNs: a proxy may hand it on to the client
     */
    static GateVerdict of(String projection, Answer answer, boolean showsPositions) {
        if (answer instanceof Answer.Unavailable unavailable) {
            return new GateVerdict("unavailable", 503, unavailable.reason());
        }
        if (answer instanceof Answer.TooManyWaiters tooMany) {
            return new GateVerdict("busy", 503, tooMany.reason());
        }
        WatermarkStatus status = answer.status();
        int refusal = switch (status) {
            case SUCCESS -> 200;
            case AHEAD, DIVERGED, FOREIGN, EXPIRED -> status.strictHttpStatus();
            case TIMEOUT, STALLED, STOPPED, REBUILDING, UNKNOWN, UNREACHABLE -> 503; // it may still come
        };
        return new GateVerdict(
                status.word(),
                refusal,
                "projection '" + projection + "': "
                        + (answer instanceof Answer.Refused && !showsPositions
                                ? "the token cannot be judged (" + answer.code() + ")"
                                : reason(answer)));
    }

    private static String reason(Answer answer) {
        if (answer instanceof Answer.SourceBehind behind) {
            return "the write was not published within " + behind.waitedMillis() + " ms; ask again";
        }
        if (answer instanceof Answer.ProjectionBehind behind) {
            return "the write was not consumed within " + behind.waitedMillis() + " ms; ask again";
        }
        if (answer instanceof Answer.NoProgress stuck) {
            return stuck.reason();
        }
        if (answer instanceof Answer.Ahead) {
            return "the token lies beyond the end of the database's WAL, so no write of this database has made it";
        }
        return answer instanceof Answer.Refused refused ? refused.reason() : "";
    }

    /**
     * The response.
     *
     * @param isStrict whether the request is refused if it is not caught up
     * @param setCookie replaces the request's cookie; empty to leave it
     */
    Response toResponse(boolean isStrict, Optional<String> setCookie) {
        Response.ResponseBuilder response = isStrict
                ? switch (refusal) {
                    case 200 -> Response.ok();
                    case 400 -> problem("Bad Request");
                    case 409 -> problem("Conflict");
                    case 410 -> problem("Gone");
                    default -> Response.fromResponse(Problem.unavailable(reason));
                }
                : Response.ok();
        setCookie.ifPresent(cookie -> response.header(HttpHeaders.SET_COOKIE, cookie));
        return response.header(STATUS_HEADER, status).build();
    }

    private Response.ResponseBuilder problem(String title) {
        return Response.fromResponse(Problem.response(refusal, title, reason));
    }
}
