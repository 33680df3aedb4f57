// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.it.harness.GroupConsumer;
import io.tidemark.it.harness.OpenApi;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.Tokens;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The HTTP API of a relay as users run it: {@code tidemark run} in a separate process. */
class HttpIT {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static TestSource source;
    private static RelayProcess relay;
    private static GroupConsumer group;
    private static OpenApi openApi;

    @BeforeAll
    static void start() throws Exception {
        source = TestSource.create("http");
        relay = RelayProcess.start(source).awaitRunning();
        group = GroupConsumer.start(source, 0);
        await("watermarks").until(() -> relay.send("/v1/projections").statusCode() == 200);
        openApi = OpenApi.of(relay);
    }

    @AfterAll
    static void stop() throws Exception {
        group.close();
        relay.close();
        source.close();
    }

    private static Token write() throws Exception {
        try (Connection connection = source.connect()) {
            new OutboxWriter().publish(connection, OutboxEvent.of("order", "1", "t", "x"));
            return Tokens.current(connection);
        }
    }

    @Test
    void answersSuccessAsDocumented() throws Exception {
        Token token = write();

        JsonNode answer = relay.get("/v1/projections/view/watermark?token=" + token + "&wait=20s");

        openApi.hold(answer, "Answer");
        assertThat(answer.path("status").asText()).isEqualTo("success");
        assertThat(answer.path("projection").asText()).isEqualTo("view");
        assertThat(answer.path("token").asText()).isEqualTo(token.toString());
        assertThat(answer.path("behind")).isEmpty();
        assertThat(answer.path("evidence").path("kind").asText()).isEqualTo("committed-offsets");
        assertThat(answer.path("evidence").path("ageMillis").isNumber()).isTrue();
        assertThat(answer.path("waitedMillis").isNumber()).isTrue();
        assertThat(answer.path("published").asText()).matches("[0-9A-F]+/[0-9A-F]+");
    }

    @Test
    void returnsTheStateOfProjectionsAndSource() throws Exception {
        relay.get("/v1/projections/view/watermark?token=" + write() + "&wait=20s");

        JsonNode one = relay.get("/v1/projections/view");
        HttpResponse<String> deprecated = relay.send("/v1/projections/view/watermark");
        JsonNode all = relay.get("/v1/projections");
        JsonNode standing = relay.get("/v1/source");

        openApi.hold(one, "Standing");
        openApi.hold(JSON.readTree(deprecated.body()), "Standing");
        assertThat(deprecated.statusCode()).isEqualTo(200);
        assertThat(deprecated.headers().firstValue("Deprecation"))
                .hasValueSatisfying(since -> assertThat(since).matches("@[0-9]+"));
        assertThat(deprecated.headers().firstValue("Link"))
                .hasValue("</v1/projections/view>; rel=\"successor-version\"");
        openApi.hold(all, "Standings");
        openApi.hold(standing, "Source");
        assertThat(one.path("group").asText()).isEqualTo(source.name() + "-view");
        assertThat(one.path("lagRecords").asLong()).isZero();
        assertThat(one.path("lagSeconds").asDouble()).isZero();
        assertThat(one.path("state").asText()).isEqualTo("running");
        assertThat(one.path("watermark").asText())
                .isEqualTo(one.path("published").asText());
        assertThat(all.path("projections")).hasSize(1);
        assertThat(standing.path("state").asText()).isEqualTo("running");
        assertThat(standing.path("role").asText()).isEqualTo("active");
        assertThat(standing.path("source").asText()).isEqualTo(source.sourceId());
        assertThat(standing.path("slot").path("exists").asBoolean()).isTrue();
        await().untilAsserted(() -> {
            JsonNode now = relay.get("/v1/source");
            assertThat(now.path("slot").path("confirmed").asText())
                    .isEqualTo(now.path("published").asText());
        });
    }

    /** A wait bypasses Jersey, unless it asks for a form of answer that only Jersey supports. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            token=TOKEN&wait=20s              | 200
            token=TOKEN&waitMillis=20000      | 200
            token=TOKEN&wait=20s&strict=true  | 200
            token=AHEAD&wait=20s              | 409
            token=AHEAD&wait=20s&strict=true  | 409
            token=AHEAD&wait=20s&strict=false | 200
            token=OTHER&wait=1ms              | 409
            token=JOINED&wait=20s             | 409
            token=JOINED&wait=20s&strict=false | 200
            token=now&wait=20s                | 200
            maxStaleness=1h&wait=20s          | 200
            maxStalenessMillis=1000&wait=20s  | 200
            """)
    void answersAWaitEquallyWithAndWithoutJersey(String query, int status) throws Exception {
        Token token = write();
        relay.send("/v1/projections/view/watermark?wait=20s&token=" + token); // or the first answer may differ
        String path = "/v1/projections/view/watermark?"
                + query.replace("TOKEN", token.toString())
                        .replace(
                                "AHEAD",
                                Token.of(source.sourceId(), 1, new Lsn(Long.MAX_VALUE))
                                        .toString())
                        .replace("JOINED", token + "~" + Token.of("ffffffff", 1, new Lsn(1)))
                        .replace("OTHER", Token.of("ffffffff", 1, new Lsn(1)).toString());

        HttpResponse<String> without = relay.send(path);
        HttpResponse<String> with = relay.send(path.replace("/view/", "/vie%77/")); // which only Jersey decodes

        assertThat(without.statusCode()).isEqualTo(status).isEqualTo(with.statusCode());
        assertThat(without.headers().map().keySet())
                .isEqualTo(with.headers().map().keySet());
        assertThat(without.headers().firstValue("content-type"))
                .isEqualTo(with.headers().firstValue("content-type"));
        assertThat(comparable(without)).isEqualTo(comparable(with));
        assertThat(without.headers().firstValue("cache-control"))
                .hasValue("no-store")
                .isEqualTo(with.headers().firstValue("cache-control"));
    }

    private static String comparable(HttpResponse<String> response) {
        return response.body()
                .replaceAll("(Millis\":)[0-9]+", "$1")
                .replaceAll("(\"published\":\")[^\"]+", "$1")
                .replaceAll("tm1[0-9A-Fa-f.]+", "tm1");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /v1/projections/view/watermark?token=abc             | 400 | malformed token: 'abc'
            /v1/projections/view/watermark?token=                | 400 | malformed token: it is empty
            /v1/projections/view/watermark?token=%00%ff          | 400 | malformed token
            /v1/projections/view/watermark?token=TOKEN&wait=soon | 400 | wait 'soon' is not a duration
            /v1/projections/view/watermark?token=TOKEN&wait=-1s  | 400 | wait '-1s' is not a duration
            /v1/projections/view/watermark?token=TOKEN&wait=5    | 400 | wait '5' is not a duration
            /v1/projections/view/watermark?token=TOKEN&wait=99999999999999999999s | 400 | is not a duration
            /v1/projections/view/watermark?token=TOKEN&waitMillis=5s | 400 | waitMillis '5s' is not a whole number
            /v1/projections/view/watermark?token=TOKEN&wait=1s&waitMillis=5 | 400 | wait and waitMillis are both given
            /v1/projections/view/watermark?token=now&maxStaleness=5s | 400 | token and maxStaleness exclude each other
            /v1/projections/view/watermark?maxStaleness=5ms      | 400 | it must be 100ms or more
            /v1/projections/nowhere/watermark?token=TOKEN        | 404 | no projection 'nowhere'
            /v1/projections/nowhere                              | 404 | no projection 'nowhere'
            /v1/projections/nowhere/needs?token=TOKEN            | 404 | no projection 'nowhere'
            /v1/projections/view/needs                           | 400 | token is missing
            /v1/projections/view/needs?token=now                 | 400 | malformed token
            /v1/projections/view?token=TOKEN                     | 400 | query parameter 'token' is not known here
            /v1/problems/nothing                                 | 404 | there is no such problem type
            /v1/projections/a%2Fb/watermark                      | 400 |
            /v1/replicas/nowhere/watermark?token=TOKEN           | 404 | no replica 'nowhere'; configured are []
            /v1/events/abc                                       | 400 | event id 'abc' is not a UUID
            /v1/events/00000000-0000-0000-0000-000000000000      | 404 | no event 00000000-
            /v1/projections/view/watermark?Token=TOKEN           | 400 | query parameter 'Token' is not known here; known: token, maxStaleness, maxStalenessMillis, wait, waitMillis, strict
            /v1/projections/view/watermark?token=TOKEN&wait=1s&x | 400 | query parameter 'x' is not known here
            /v1/projections/view/watermark?token=TOKEN&token=TOKEN&wait=1s | 400 | query parameter 'token' is given 2 times
            /v1/projections/view/watermark?wait=2s               | 400 | wait is of use only with token
            /v1/projections/view/watermark?strict=true           | 400 | strict is of use only with token
            /v1/projections?token=TOKEN                          | 400 | query parameter 'token' is not known here; there are none
            /v1/source?verbose=1                                 | 400 | query parameter 'verbose' is not known here
            /v1/tokens/TOKEN?projection=nowhere                  | 404 | no projection 'nowhere'
            /v1/tokens/TOKEN?groups=no                           | 400 | groups 'no' is neither true nor false
            /v1/events/00000000-0000-0000-0000-000000000000?topic=__consumer_offsets | 400 | is not one of this outbox
            //v1/source                                          | 400 | not valid HTTP for this server
            /v1/unknown                                          | 404 |
            """)
    void rejectsBadRequestsWithAProblem(String path, int status, String detail) throws Exception {
        HttpResponse<String> response = relay.send(path.replace("TOKEN", write().toString()));

        assertThat(response.statusCode()).isEqualTo(status);
        if (detail != null) {
            JsonNode problem = JSON.readTree(response.body());
            assertThat(response.headers().firstValue("content-type")).hasValue("application/problem+json");
            assertThat(problem.path("status").asInt()).isEqualTo(status);
            openApi.hold(problem, "Problem");
            JsonNode type = openApi.hold(relay.get(problem.path("type").asText()), "ProblemType");
            assertThat(type.path("code").asText())
                    .isEqualTo(problem.path("code").asText());
            assertThat(type.path("status").asInt()).isEqualTo(status);
            assertThat(problem.path("detail").asText()).contains(detail);
        }
        assertThat(response.body()).doesNotContain("Exception", "\tat ");
    }

    @Test
    void limitsAnAbsurdWaitToTheConfiguredMaximum() throws Exception {
        JsonNode answer = relay.get("/v1/projections/view/watermark?token=" + write() + "&wait=30000d");

        assertThat(answer.path("status").asText()).isEqualTo("success");
    }

    @Test
    void returnsForeignAndAhead() throws Exception {
        String foreign = "tm1.ffffffff.1.0000000000000001";
        String ahead = "tm1." + source.sourceId() + ".1.00FFFFFFFFFFFFFF";

        assertThat(openApi.hold(relay.get("/v1/projections/view/watermark?wait=5s&token=" + foreign), "Answer")
                        .path("status")
                        .asText())
                .isEqualTo("foreign");
        assertThat(openApi.hold(relay.get("/v1/projections/view/watermark?wait=5s&token=" + ahead), "Answer")
                        .path("status")
                        .asText())
                .isEqualTo("ahead");
        String joined = URLEncoder.encode(write() + "~" + foreign, StandardCharsets.UTF_8);
        JsonNode answer = openApi.hold(relay.get("/v1/projections/view/watermark?wait=5s&token=" + joined), "Answer");
        assertThat(answer.path("status").asText()).isEqualTo("foreign");
        assertThat(answer.path("sources")).hasSize(2);
        assertThat(answer.path("token").asText())
                .as("another relay may serve it")
                .contains(foreign);
    }

    /** Before our code sees a request, Jetty may refuse it: that is a problem, too. */
    @Test
    void refusesARequestWithoutAHostWithAProblem() throws Exception {
        URI url = URI.create(relay.url());
        try (Socket socket = new Socket(url.getHost(), url.getPort())) {
            socket.getOutputStream().write("GET /v1/source HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            String response = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(response).startsWith("HTTP/1.1 400").contains("application/problem+json", "\"status\":400");
            assertThat(response).doesNotContain("<html");
        }
    }

    /** The limits of the token format: nothing is parked, overflows, or causes an internal error. */
    @ParameterizedTest
    @CsvSource({
        "1,          FFFFFFFFFFFFFFFF, ahead",
        "1,          7FFFFFFFFFFFFFFF, ahead",
        "2147483647, FFFFFFFFFFFFFFFF, unknown",
        "2147483647, 0000000000000001, unknown"
    })
    void answersExtremeTokensImmediately(int timeline, String lsn, String status) throws Exception {
        String token = "tm1." + source.sourceId() + "." + timeline + "." + lsn;

        JsonNode answer = openApi.hold(relay.get("/v1/projections/view/watermark?wait=20s&token=" + token), "Answer");

        assertThat(answer.path("status").asText()).isEqualTo(status);
        openApi.hold(relay.get("/v1/tokens/" + token), "Explanation");
    }

    @Test
    void rejectsTooLargeRequests() throws Exception {
        HttpResponse<String> body = relay.post("/v1/wait", "{\"token\": \"" + "x".repeat(70_000) + "\"}");
        HttpResponse<String> token = relay.send("/v1/tokens/" + "a".repeat(600));
        HttpResponse<String> uri = relay.send("/v1/tokens/" + "a".repeat(20_000));

        assertThat(body.statusCode()).isEqualTo(413);
        assertThat(openApi.hold(JSON.readTree(body.body()), "Problem")
                        .path("detail")
                        .asText())
                .contains("more than 65536 bytes");
        assertThat(token.statusCode()).isEqualTo(400);
        assertThat(token.body()).contains("malformed token");
        assertThat(uri.statusCode()).isIn(414, 431);
        assertThat(uri.body()).doesNotContain("Exception", "\tat ");
    }

    @Test
    void returnsAnHttpStatusForEveryOutcomeUnlessToldOtherwise() throws Exception {
        String ahead = "tm1." + source.sourceId() + ".1.00FFFFFFFFFFFFFF";
        String path = "/v1/projections/view/watermark?wait=20s&token=";

        assertThat(relay.send(path + write()).statusCode()).isEqualTo(200);
        assertThat(relay.send(path + ahead).statusCode()).isEqualTo(409);
        assertThat(relay.send(path + "tm1.ffffffff.1.0000000000000001").statusCode())
                .isEqualTo(409);
        assertThat(relay.send(path.replace("20s", "0") + ahead).statusCode()).isEqualTo(409);
        assertThat(relay.send(path + ahead + "&strict=false").statusCode()).isEqualTo(200);
        assertThat(relay.send(path + ahead + "&strict=maybe").statusCode()).isEqualTo(400);
        String barrier = "{\"token\": \"" + ahead + "\"}";
        assertThat(relay.post("/v1/wait", barrier).statusCode()).isEqualTo(409);
        assertThat(relay.post("/v1/wait?strict=false", barrier).statusCode()).isEqualTo(200);
    }

    @Test
    void waitsForSeveralProjectionsAtOnce() throws Exception {
        Token token = write();

        HttpResponse<String> response = relay.post("/v1/wait", "{\"token\": \"" + token + "\", \"wait\": \"20s\"}");

        JsonNode answer = openApi.hold(JSON.readTree(response.body()), "Barrier");
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(answer.path("status").asText()).isEqualTo("success");
        assertThat(answer.path("mode").asText()).isEqualTo("all");
        assertThat(answer.path("token").asText()).isEqualTo(token.toString());
        assertThat(answer.path("projections").path(0).path("projection").asText())
                .isEqualTo("view");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {                                                  | 400 | the body is not JSON
            {"token": "TOKEN", "token": "TOKEN"}               | 400 | has a field twice
            {"token": "TOKEN"} {}                              | 400 | goes on after the object
            []                                                 | 400 | the body is not a JSON object
            {}                                                 | 400 | token is missing
            {"token": 5}                                       | 400 | token is not a text
            {"token": "abc"}                                   | 400 | malformed token
            {"token": "TOKEN", "wait": "soon"}                 | 400 | wait 'soon' is not a duration
            {"token": "TOKEN", "waitMillis": "5"}              | 400 | waitMillis is not a whole number
            {"token": "TOKEN", "waitMillis": -5}               | 400 | waitMillis '-5' is not a whole number
            {"token": "TOKEN", "wait": "1s", "waitMillis": 5}  | 400 | wait and waitMillis are both given
            {"token": "now", "maxStaleness": "5s"}             | 400 | token and maxStaleness exclude each other
            {"maxStalenessMillis": 5}                          | 400 | it must be 100ms or more
            {"token": "TOKEN", "mode": "some"}                 | 400 | mode 'some' is neither all nor any
            {"token": "TOKEN", "projection": "view"}           | 400 | 'projection' is not known
            {"token": "TOKEN", "projections": "view"}          | 400 | projections is not a list
            {"token": "TOKEN", "projections": []}              | 400 | no projection to wait for
            {"token": "TOKEN", "projections": ["nowhere"]}     | 404 | no projection 'nowhere'
            {"token": "TOKEN", "projections": [5]}             | 404 | no projection '5'
            """)
    void rejectsBadBarriersWithAProblem(String body, int status, String detail) throws Exception {
        HttpResponse<String> response = relay.post("/v1/wait", body.replace("TOKEN", write().toString()));

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(openApi.hold(JSON.readTree(response.body()), "Problem")
                        .path("detail")
                        .asText())
                .contains(detail);
    }

    /** The moment is read after the question, so it covers every commit before it. */
    @Test
    void answersWithoutAToken() throws Exception {
        Token written = write();
        long before = System.nanoTime();

        JsonNode now = openApi.hold(relay.get("/v1/projections/view/watermark?token=now&wait=20s"), "Answer");
        JsonNode within = openApi.hold(relay.get("/v1/projections/view/watermark?maxStaleness=20s&wait=20s"), "Answer");
        JsonNode both = openApi.hold(
                JSON.readTree(relay.post("/v1/wait", "{\"token\": \"now\", \"waitMillis\": 20000}")
                        .body()),
                "Barrier");
        JsonNode bothWithin = openApi.hold(
                JSON.readTree(relay.post("/v1/wait", "{\"maxStalenessMillis\": 20000, \"wait\": \"20s\"}")
                        .body()),
                "Barrier");

        assertThat(now.path("status").asText()).isEqualTo("success");
        assertThat(now.path("code").asText()).isEqualTo("caught-up");
        Token moment = Token.parse(now.path("token").asText());
        assertThat(moment.parts().get(0).lsn().isAtLeast(written.parts().get(0).lsn()))
                .isTrue();
        long passedMillis = (System.nanoTime() - before) / 1_000_000;
        assertThat(now.path("stalenessMillis").asLong()).isBetween(0L, passedMillis + 1);
        assertThat(within.path("status").asText()).isEqualTo("success");
        assertThat(within.path("stalenessMillis").asLong()).isBetween(0L, 20_000L);
        assertThat(both.path("status").asText()).isEqualTo("success");
        assertThat(both.has("stalenessMillis")).isTrue();
        assertThat(bothWithin.path("status").asText()).isEqualTo("success");
    }

    @Test
    void namesTheOffsetsThatATokenNeedsWithoutTheGroup() throws Exception {
        Token token = write();
        relay.get("/v1/projections/view/watermark?token=" + token + "&wait=20s");

        HttpResponse<String> known = relay.send("/v1/projections/view/needs?token=" + token);
        HttpResponse<String> foreign = relay.send("/v1/projections/view/needs?token=tm1.ffffffff.1.0000000000000001");

        JsonNode needs = openApi.hold(JSON.readTree(known.body()), "Needs");
        assertThat(known.statusCode()).isEqualTo(200);
        assertThat(needs.path("status").asText()).isEqualTo("known");
        assertThat(needs.path("partitions")).isNotEmpty().allSatisfy(partition -> {
            assertThat(partition.has("have")).isFalse();
            assertThat(partition.path("topicId").asText()).isNotEmpty();
        });
        assertThat(foreign.statusCode()).isEqualTo(409);
        assertThat(openApi.hold(JSON.readTree(foreign.body()), "Needs")
                        .path("code")
                        .asText())
                .isEqualTo("foreign-source");
    }

    @Test
    void listsEveryTypeOfProblem() throws Exception {
        assertThat(openApi.hold(relay.get("/v1/problems"), "ProblemTypes").path("problems"))
                .hasSizeGreaterThan(20);
    }

    @Test
    void describesEveryPath() {
        assertThat(openApi.describes("get", "/v1/projections")).isTrue();
        assertThat(openApi.describes("get", "/v1/projections/{name}/watermark")).isTrue();
        assertThat(openApi.describes("post", "/v1/wait")).isTrue();
        assertThat(openApi.describes("get", "/v1/tokens/{token}")).isTrue();
        assertThat(openApi.describes("get", "/v1/events/{id}")).isTrue();
        assertThat(openApi.describes("get", "/v1/replicas/{name}/watermark")).isTrue();
        assertThat(openApi.describes("get", "/v1/source")).isTrue();
        assertThat(openApi.describes("get", "/v1/openapi.yaml")).isTrue();
    }

    @Test
    void explainsAToken() throws Exception {
        Token token = write();
        relay.get("/v1/projections/view/watermark?token=" + token + "&wait=20s");

        JsonNode explained = openApi.hold(relay.get("/v1/tokens/" + token), "Explanation");

        assertThat(explained.path("stage").asText()).isEqualTo("published");
        assertThat(explained.path("publishedAt").asText()).startsWith("20");
        JsonNode projection = explained.path("projections").path(0);
        assertThat(projection.path("status").asText()).isEqualTo("success");
        assertThat(projection.path("partitions"))
                .isNotEmpty()
                .allSatisfy(partition -> assertThat(partition.path("have").asLong())
                        .isGreaterThanOrEqualTo(partition.path("need").asLong()));
        JsonNode byIndex = relay.get("/v1/tokens/" + token + "?groups=false&projection=view");
        openApi.hold(byIndex, "Explanation");
        assertThat(byIndex.path("projections").path(0).has("status")).isFalse();
        assertThat(byIndex.path("projections").path(0).path("partitions")).isNotEmpty();
        assertThat(relay.get("/v1/tokens/tm1." + source.sourceId() + ".1.00FFFFFFFFFFFFFF")
                        .path("stage")
                        .asText())
                .isEqualTo("ahead");
        assertThat(relay.get("/v1/tokens/tm1.ffffffff.1.0000000000000001")
                        .path("stage")
                        .asText())
                .isEqualTo("foreign");
        assertThat(relay.send("/v1/tokens/abc").statusCode()).isEqualTo(400);
    }

    @Test
    void logsEachStateInOneLineWithoutStackTraces() {
        assertThat(relay.output()).contains("event=state state=running").doesNotContain("\tat ");
    }
}
