// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.http.response.ProblemType;
import io.tidemark.relay.http.response.ResponseWriter;
import io.tidemark.relay.question.Outcome;
import io.tidemark.relay.question.Question;
import io.tidemark.relay.question.Questions;
import io.tidemark.relay.watermark.Answer;
import io.tidemark.relay.watermark.JointWait;
import io.tidemark.relay.watermark.JointWait.Mode;
import io.tidemark.relay.watermark.Watermarks;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code POST /v1/wait}: one wait for several projections. */
@Path("/v1/wait")
@Produces(MediaType.APPLICATION_JSON)
public final class WaitResource {

    /** Strict: of a field that is there twice, only one would count. */
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private static final int MOST_BYTES = 64 * 1024;
    private static final Duration LONGEST_BODY = Duration.ofSeconds(10);
    private static final List<String> FIELDS =
            List.of("token", "maxStaleness", "maxStalenessMillis", "wait", "waitMillis", "mode", "projections");

    private final Watermarks watermarks;
    private final Questions questions;
    private final TokenForm form;
    private final AnswerJson json;
    private final ResponseWriter answers;

    WaitResource(Watermarks watermarks, Questions questions, TokenForm form, AnswerJson json, ResponseWriter answers) {
        this.watermarks = watermarks;
        this.questions = questions;
        this.form = form;
        this.json = json;
        this.answers = answers;
    }

    @POST
    public void await(
            InputStream body,
            @QueryParam("strict") @Nullable String strict,
            @Context HttpServletRequest http,
            @Suspended AsyncResponse response) {
        boolean isStrict = Params.strict(strict);
        JsonNode request = read(body);
        Question question = Params.required(Params.question(
                form, text(request, "token"), text(request, "maxStaleness"), number(request, "maxStalenessMillis")));
        long waitMillis = Params.waitMillis(text(request, "wait"), number(request, "waitMillis"));
        Mode mode = mode(text(request, "mode"));
        List<String> projections = projections(request.path("projections"));
        answers.give(
                response,
                http,
                waitMillis,
                questions.ask(
                        question,
                        waitMillis,
                        (token, left) -> JointWait.await(
                                (projection, millis) -> watermarks.ask(projection, token, millis),
                                projections,
                                left,
                                mode),
                        result -> result.deciding() instanceof Answer.Success),
                outcome -> toResponse(outcome, mode, isStrict));
    }

    private static JsonNode read(InputStream body) {
        byte[] bytes = readAll(body);
        JsonNode request;
        try {
            request = JSON.readTree(bytes);
        } catch (IOException e) {
            throw malformed("the body is not JSON, has a field twice, or goes on after the object; write"
                    + " {\"token\": …, \"wait\": \"2s\"}");
        }
        if (!request.isObject()) {
            throw malformed("the body is not a JSON object; write {\"token\": …, \"wait\": \"2s\"}");
        }
        for (Iterator<String> names = request.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (!FIELDS.contains(name)) {
                throw malformed("'" + name + "' is not known; known: " + String.join(", ", FIELDS));
            }
        }
        return request;
    }

    /** Blocks a thread while the body arrives. No other request does; time and size are limited. */
    private static byte[] readAll(InputStream body) {
        long deadline = System.nanoTime() + LONGEST_BODY.toNanos();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] buffer = new byte[8192];
        try {
            for (int read = body.read(buffer); read >= 0; read = body.read(buffer)) {
                bytes.write(buffer, 0, read);
                if (bytes.size() > MOST_BYTES) {
                    throw Problem.of(ProblemType.CONTENT_TOO_LARGE, "the body has more than " + MOST_BYTES + " bytes");
                }
                if (System.nanoTime() - deadline > 0) {
                    throw tooSlow();
                }
            }
        } catch (IOException e) { // cut off, or no data until the connection's idle timeout
            throw tooSlow();
        }
        return bytes.toByteArray();
    }

    private static WebApplicationException tooSlow() {
        return Problem.of(
                ProblemType.REQUEST_TIMEOUT,
                "the body did not arrive within " + LONGEST_BODY.toSeconds() + " s; send it at once");
    }

    private static @Nullable String text(JsonNode request, String name) {
        JsonNode value = request.get(name);
        if (value == null || value.isNull()) {
            return null;
        }
        if (!value.isTextual()) {
            throw malformed(name + " is not a text");
        }
        return value.textValue();
    }

    /** As text: it is parsed like a query parameter. */
    private static @Nullable String number(JsonNode request, String name) {
        JsonNode value = request.get(name);
        if (value == null || value.isNull()) {
            return null;
        }
        if (!value.isIntegralNumber()) {
            throw malformed(name + " is not a whole number");
        }
        return value.asText();
    }

    private static WebApplicationException malformed(String detail) {
        return Problem.of(ProblemType.MALFORMED_BODY, detail);
    }

    private static Mode mode(@Nullable String text) {
        if (text == null || text.equals("all")) {
            return Mode.ALL;
        }
        if (text.equals("any")) {
            return Mode.ANY;
        }
        throw malformed("mode '" + text + "' is neither all nor any");
    }

    /** All projections if none is named. */
    private List<String> projections(JsonNode named) {
        if (named.isMissingNode() || named.isNull()) {
            return known(watermarks.names());
        }
        if (!named.isArray()) {
            throw malformed("projections is not a list of names");
        }
        List<String> names = new ArrayList<>();
        for (JsonNode name : named) {
            if (!name.isTextual() || !watermarks.names().contains(name.textValue())) {
                throw Problem.of(
                        ProblemType.UNKNOWN_PROJECTION,
                        "no projection '" + name.asText() + "'; configured are " + watermarks.names());
            }
            if (!names.contains(name.asText())) {
                names.add(name.asText());
            }
        }
        return known(names);
    }

    private static List<String> known(List<String> names) {
        if (names.isEmpty()) {
            throw malformed("no projection to wait for; name one that is configured");
        }
        return names;
    }

    private Response toResponse(Outcome<JointWait.Result> outcome, Mode mode, boolean strict) {
        if (outcome instanceof Outcome.NotAsked<JointWait.Result> not) {
            return AnswerJson.problem(not);
        }
        Outcome.Answered<JointWait.Result> answered = (Outcome.Answered<JointWait.Result>) outcome;
        JointWait.Result result = answered.answer();
        Token token = answered.token();
        Answer deciding = result.deciding();
        Optional<Response> problem = AnswerJson.problem(deciding);
        if (problem.isPresent()) {
            return problem.get();
        }
        ObjectNode body = JSON.createObjectNode()
                .put("status", deciding.status().word())
                .put("code", deciding.code())
                .put("mode", mode == Mode.ALL ? "all" : "any")
                .put("waitedMillis", answered.waitedMillis());
        AnswerJson.putStaleness(body, answered);
        ArrayNode projections = body.putArray("projections");
        result.answers().forEach((name, answer) -> projections.add(json.of(name, token, answer)));
        return Response.status(AnswerJson.httpStatus(deciding, strict))
                .entity(body.put("token", json.carryOn(token, deciding)))
                .build();
    }
}
