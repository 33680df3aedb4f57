// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.relay.http.response.ResponseWriter;
import io.tidemark.relay.question.Question;
import io.tidemark.relay.question.Questions;
import io.tidemark.relay.watermark.Watermarks;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers waits for a projection without Jersey, whose objects were more than half of the memory of a waiting request.
 * Handles only well-formed requests that are let in. {@link ProjectionsResource} handles all others and every error,
 * and answers these requests in the same way. On Jetty's threads.
 */
public final class WaitFilter extends HttpFilter {

    /** The paths to which the filter applies. */
    public static final String PATH = "/v1/projections/*";

    private static final long serialVersionUID = 1;
    private static final Logger LOG = LoggerFactory.getLogger(WaitFilter.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> PARAMETERS =
            Set.of("token", "maxStaleness", "maxStalenessMillis", "wait", "waitMillis", "strict");
    /** A media range that includes JSON, with or without a weight, but not with weight zero. */
    private static final Pattern JSON_RANGE =
            Pattern.compile("(\\*/\\*|application/\\*|application/json)(\\s*;\\s*q=(1(\\.0*)?|0?\\.0*[1-9][0-9]*))?");

    private static final Pattern WATERMARK = Pattern.compile("/v1/projections/([A-Za-z0-9._-]+)/watermark");

    /** Receives every answer as an HTTP response. On the threads of {@link ResponseWriter}. */
    @FunctionalInterface
    public interface Listener {

        void answered(String projection, Response response, long tookNanos);
    }

    private record Wait(String projection, Question question, long waitMillis, boolean isStrict) {}

    private final transient Watermarks watermarks;
    private final transient Questions questions;
    private final transient TokenForm form;
    private final transient ResponseWriter answers;
    private final transient AnswerJson json;
    private final transient Predicate<HttpServletRequest> isLetIn;
    private final transient Listener listener;

    /** @param isLetIn whether a request's credentials are accepted */
    WaitFilter(
            Watermarks watermarks,
            Questions questions,
            TokenForm form,
            AnswerJson json,
            ResponseWriter answers,
            Predicate<HttpServletRequest> isLetIn,
            Listener listener) {
        this.watermarks = watermarks;
        this.questions = questions;
        this.form = form;
        this.json = json;
        this.answers = answers;
        this.isLetIn = isLetIn;
        this.listener = listener;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        Optional<Wait> wait = waitOf(request);
        if (wait.isPresent() && isLetIn.test(request)) {
            answer(wait.get(), request, response);
        } else {
            chain.doFilter(request, response);
        }
    }

    private Optional<Wait> waitOf(HttpServletRequest request) {
        Optional<String> asked = projectionOf(request);
        if (!request.getMethod().equals("GET") || asked.isEmpty() || !takesJson(request)) {
            return Optional.empty();
        }
        String projection = asked.get();
        try {
            Optional<Question> question = Params.question(
                    form,
                    request.getParameter("token"),
                    request.getParameter("maxStaleness"),
                    request.getParameter("maxStalenessMillis"));
            long waitMillis = Params.waitMillis(request.getParameter("wait"), request.getParameter("waitMillis"));
            boolean isStrict = Params.strict(request.getParameter("strict"));
            return waitMillis > 0 && isAsDeclared(request) && watermarks.names().contains(projection)
                    ? question.map(one -> new Wait(projection, one, waitMillis, isStrict))
                    : Optional.empty();
        } catch (WebApplicationException | HttpException.RuntimeException e) { // malformed: left to Jersey
            return Optional.empty();
        }
    }

    /** The projection whose watermark is asked for, under any {@code server.applicationContextPath}. */
    static Optional<String> projectionOf(HttpServletRequest request) {
        Matcher path = WATERMARK.matcher(
                request.getRequestURI().substring(request.getContextPath().length()));
        return path.matches() ? Optional.of(path.group(1)) : Optional.empty();
    }

    /**
     * Whether the client accepts JSON, whatever else it accepts. Jersey handles other requests, because it may have to
     * reject them.
     */
    static boolean takesJson(HttpServletRequest request) {
        List<String> accepts = Collections.list(request.getHeaders(HttpHeaders.ACCEPT));
        return accepts.isEmpty()
                || accepts.stream()
                        .flatMap(line -> Arrays.stream(line.split(",")))
                        .map(range -> range.strip().toLowerCase(Locale.ROOT))
                        .anyMatch(range -> JSON_RANGE.matcher(range).matches());
    }

    private static boolean isAsDeclared(HttpServletRequest request) {
        return request.getParameterMap().entrySet().stream()
                .allMatch(given -> PARAMETERS.contains(given.getKey()) && given.getValue().length == 1);
    }

    private void answer(Wait wait, HttpServletRequest request, HttpServletResponse response) {
        long beganNanos = System.nanoTime();
        AsyncContext async = request.startAsync();
        async.setTimeout(0); // the wait has its own timeout
        answers.give(
                request,
                questions.ask(wait.projection(), wait.question(), wait.waitMillis()),
                outcome -> json.response(wait.projection(), outcome, wait.isStrict()),
                given -> {
                    try {
                        listener.answered(wait.projection(), given, System.nanoTime() - beganNanos);
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

    private static void write(Response answer, HttpServletResponse response) throws IOException {
        response.setStatus(answer.getStatus());
        response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store"); // this filter may run before the general one
        response.setContentType(MediaType.APPLICATION_JSON); // unless the headers name the type of a problem
        answer.getStringHeaders().forEach((name, values) -> values.forEach(value -> response.setHeader(name, value)));
        if (answer.getEntity() instanceof JsonNode body) {
            byte[] bytes = JSON.writeValueAsBytes(body);
            response.setContentLength(bytes.length);
            response.getOutputStream().write(bytes);
        }
    }
}
