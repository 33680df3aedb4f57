// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.gate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.relay.http.gate.CarriedTokens.CookieState;
import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.http.response.ProblemType;
import io.tidemark.relay.http.response.ResponseWriter;
import io.tidemark.relay.timeline.JudgedToken;
import io.tidemark.relay.watermark.Answer;
import io.tidemark.relay.watermark.Watermarks;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.util.Collections;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToLongBiFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers {@code /v1/gate/{projection}}. Any method: some proxies pass on the client's. Does not read a body, and never
 * waits for one. A request without a token is answered at once, on Jetty's thread. Requests without valid credentials go
 * to Jersey, whose filter rejects them.
 */
public final class GateFilter extends HttpFilter {

    /** The paths to which the filter applies. */
    public static final String PATH = "/v1/gate/*";

    private static final long serialVersionUID = 1;
    private static final Logger LOG = LoggerFactory.getLogger(GateFilter.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PREFIX = "/v1/gate/";
    private static final int SHOWN_CHARS = 64;

    /** Receives every answer. On Jetty's threads and those of {@link ResponseWriter}. */
    @FunctionalInterface
    public interface Listener {

        /**
         * @param projection a configured name; empty if the request named none or was malformed
         * @param status of the answer, as in {@code Tidemark-Status}; empty without a projection
         */
        void answered(String projection, String status, int httpStatus, long tookNanos);
    }

    private final transient Watermarks watermarks;
    private final transient TokenForm form;
    private final transient ResponseWriter answers;
    private final transient ToLongBiFunction<@Nullable String, @Nullable String> durations;
    private final transient Predicate<HttpServletRequest> isLetIn;
    private final transient Listener listener;

    /**
     * A filter for all projections.
     *
     * @param form in which callers have and get tokens
     * @param durations reads the milliseconds of a duration with its unit (0 of null), or throws the problem
     * @param isLetIn whether a request's credentials are accepted
     */
    public GateFilter(
            Watermarks watermarks,
            TokenForm form,
            ResponseWriter answers,
            ToLongBiFunction<@Nullable String, @Nullable String> durations,
            Predicate<HttpServletRequest> isLetIn,
            Listener listener) {
        this.watermarks = watermarks;
        this.form = form;
        this.answers = answers;
        this.durations = durations;
        this.isLetIn = isLetIn;
        this.listener = listener;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (!isLetIn.test(request)) {
            chain.doFilter(request, response);
            return;
        }
        long beganNanos = System.nanoTime();
        String projection;
        GateQuestion question;
        try {
            projection = projection(request);
            question = GateQuestion.parse(request.getQueryString(), durations);
        } catch (WebApplicationException malformed) {
            listener.answered("", "", malformed.getResponse().getStatus(), System.nanoTime() - beganNanos);
            write(malformed.getResponse(), response);
            return;
        }
        answer(projection, question, request, response, beganNanos);
    }

    private String projection(HttpServletRequest request) {
        String path = request.getRequestURI().substring(request.getContextPath().length());
        String name = path.startsWith(PREFIX) ? path.substring(PREFIX.length()) : "";
        if (!watermarks.names().contains(name)) {
            throw Problem.of(
                    ProblemType.UNKNOWN_PROJECTION,
                    "no projection '" + (name.length() > SHOWN_CHARS ? name.substring(0, SHOWN_CHARS) + "…" : name)
                            + "'; configured are " + watermarks.names());
        }
        return name;
    }

    private void answer(
            String projection,
            GateQuestion question,
            HttpServletRequest request,
            HttpServletResponse response,
            long beganNanos)
            throws IOException {
        CarriedTokens carried = CarriedTokens.in(
                Collections.list(request.getHeaders(CarriedTokens.NAME)),
                Collections.list(request.getHeaders(HttpHeaders.COOKIE)),
                form);
        boolean isReadable = carried.unreadable().isEmpty();
        if (carried.token().isPresent() && (isReadable || !question.isStrict())) {
            await(projection, question, carried, request, response, beganNanos);
            return;
        }
        GateVerdict verdict = isReadable ? GateVerdict.NONE : GateVerdict.unreadable(carried.unreadable());
        Response given = verdict.toResponse(question.isStrict(), setCookie(question, carried, false));
        listener.answered(projection, verdict.status(), given.getStatus(), System.nanoTime() - beganNanos);
        write(given, response);
    }

    private void await(
            String projection,
            GateQuestion question,
            CarriedTokens carried,
            HttpServletRequest request,
            HttpServletResponse response,
            long beganNanos) {
        AsyncContext async = request.startAsync();
        async.setTimeout(0); // the wait has its own timeout
        answers.give(
                request,
                watermarks.ask(projection, carried.token().orElseThrow(), question.waitMillis()),
                answer -> toResponse(projection, question, carried, answer),
                given -> {
                    try {
                        listener.answered(
                                projection, statusOf(given), given.getStatus(), System.nanoTime() - beganNanos);
                        write(given, response);
                    } catch (IOException e) { // the client has closed the connection
                        LOG.debug("event=answer-not-written error=\"{}\"", e.getMessage());
                    } catch (RuntimeException e) { // a bug: log the stack trace
                        LOG.error("event=http-failed", e);
                        response.setStatus(HttpServletResponse.SC_INTERNAL_SERVER_ERROR);
                    } finally {
                        async.complete();
                    }
                });
    }

    /** An unreadable part may be of a newer write than the others, so their answer is not that of the token. */
    private Response toResponse(String projection, GateQuestion question, CarriedTokens carried, Answer answer) {
        GateVerdict verdict = carried.unreadable().isEmpty()
                ? GateVerdict.of(projection, answer, !form.isSealed())
                : GateVerdict.unreadable(carried.unreadable());
        return verdict.toResponse(question.isStrict(), setCookie(question, carried, answer instanceof Answer.Refused));
    }

    /** Replaces a cookie with a dead part, so that the client does not send it for ever; otherwise leaves it alone. */
    private Optional<String> setCookie(GateQuestion question, CarriedTokens carried, boolean isRefused) {
        Optional<Token> left = isRefused ? carried.cookie().flatMap(this::carryOn) : carried.cookie();
        boolean isDead = carried.cookieState() == CookieState.SPOILT || !left.equals(carried.cookie());
        return isDead && carried.cookieState() != CookieState.TO_KEEP
                ? Optional.of(question.cookie().replaceBy(left.map(form::write)))
                : Optional.empty();
    }

    /** The token without parts that can never be judged again; itself if no part is refused. */
    private Optional<Token> carryOn(Token token) {
        Optional<JudgedToken> judged = watermarks
                .judge(token)
                .flatMap(answer -> answer instanceof Answer.Refused refused ? refused.judged() : Optional.empty());
        return judged.isPresent() ? judged.get().carryOn() : Optional.of(token);
    }

    /** For a client that has gone, the response has no status. */
    private static String statusOf(Response given) {
        return Optional.ofNullable(given.getHeaderString(GateVerdict.STATUS_HEADER))
                .orElse(given.getStatus() < 500 ? "gone" : "failed");
    }

    private static void write(Response answer, HttpServletResponse response) throws IOException {
        response.setStatus(answer.getStatus());
        response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store"); // this filter may run before the general one
        answer.getStringHeaders().forEach((name, values) -> values.forEach(value -> response.setHeader(name, value)));
        if (answer.getEntity() instanceof JsonNode body) {
            byte[] bytes = JSON.writeValueAsBytes(body);
            response.setContentLength(bytes.length);
            response.getOutputStream().write(bytes);
        } else {
            response.setContentLength(0);
        }
    }
}
