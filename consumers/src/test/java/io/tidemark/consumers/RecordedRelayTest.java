// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.consumers.WatermarkClient.Mode;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@code clients/conformance/relay.json}: the same as the tests of the other clients. */
class RecordedRelayTest {

    @TestFactory
    Stream<DynamicTest> answersAsTheOtherClientsDo() throws IOException {
        return Vectors.tests("relay.json", "cases", RecordedRelayTest::check);
    }

    @TestFactory
    Stream<DynamicTest> asksWithoutATokenAsTheOtherClientsDo() throws IOException {
        return Vectors.tests("relay.json", "freshness", RecordedRelayTest::check);
    }

    /** What every answer has, about one projection or several. */
    private record Outcome(
            WatermarkStatus status,
            String phase,
            String reason,
            long waitedMillis,
            List<WatermarkAnswer.Behind> behind,
            List<String> answers,
            Optional<Token> token) {}

    private static void check(JsonNode recorded) throws Exception {
        List<FakeRelay> relays = new ArrayList<>();
        try {
            List<URI> urls = new ArrayList<>();
            for (JsonNode relay : recorded.required("relays")) {
                FakeRelay fake = fake(relay);
                relays.add(fake);
                urls.add(fake.url());
                if (relay.asText().equals("away")) {
                    fake.close();
                }
            }
            WatermarkClient client = new WatermarkClient(urls);
            for (int calls = recorded.path("calls").asInt(1); calls > 0; calls--) {
                long since = System.nanoTime();
                ask(client, recorded.required("ask"), recorded.required("expect"));
                elapsed(Duration.ofNanos(System.nanoTime() - since), recorded.path("elapsedMillis"));
            }
            requests(relays, recorded.required("requests"));
            questions(relays.get(0), recorded.path("questions"));
        } finally {
            relays.forEach(FakeRelay::close);
        }
    }

    private static FakeRelay fake(JsonNode answers) throws IOException {
        FakeRelay fake = new FakeRelay();
        for (JsonNode answer : answers) {
            switch (answer.path("does").asText("answers")) {
                case "answers" ->
                    fake.then(answer.required("status").asInt(), body(answer), headers(answer.required("headers")));
                case "hangs" -> fake.thenNothing();
                case "dribbles" -> fake.thenDribble();
                case "cuts" -> fake.thenCut();
                case "closes" -> fake.thenClose();
                default -> throw new IllegalStateException("relay.json: what is " + answer + "?");
            }
        }
        return fake;
    }

    private static String body(JsonNode answer) {
        JsonNode body = answer.required("body");
        return body.isTextual() ? body.textValue() : body.toString();
    }

    private static Map<String, String> headers(JsonNode object) {
        Map<String, String> headers = new HashMap<>();
        object.properties()
                .forEach(
                        header -> headers.put(header.getKey(), header.getValue().asText()));
        return headers;
    }

    private static void ask(WatermarkClient client, JsonNode ask, JsonNode expect) throws InterruptedException {
        if (expect.has("refused")) {
            assertThatThrownBy(() -> outcome(client, ask))
                    .isInstanceOfSatisfying(
                            RelayRequestException.class,
                            refusal -> assertThat(refusal.httpStatus())
                                    .isEqualTo(expect.path("refused").asInt()))
                    .hasMessageContaining(expect.required("message").asText());
            return;
        }
        Outcome outcome = outcome(client, ask);
        assertThat(outcome.status().word()).isEqualTo(expect.required("status").asText());
        expect.properties().forEach(field -> {
            JsonNode value = field.getValue();
            switch (field.getKey()) {
                case "status" -> {}
                case "phase" -> assertThat(outcome.phase()).isEqualTo(value.asText());
                case "reason" ->
                    value.forEach(part -> assertThat(outcome.reason()).contains(part.asText()));
                case "waitedMillis" -> assertThat(outcome.waitedMillis()).isEqualTo(value.asLong());
                case "behind" -> assertThat(outcome.behind()).isEqualTo(behind(value));
                case "answers" -> assertThat(outcome.answers()).isEqualTo(texts(value));
                case "token" ->
                    assertThat(outcome.token().map(Token::toString))
                            .isEqualTo(value.isNull() ? Optional.empty() : Optional.of(value.asText()));
                default -> throw new IllegalStateException("relay.json: expect." + field.getKey() + " is not known");
            }
        });
    }

    private static Outcome outcome(WatermarkClient client, JsonNode ask) throws InterruptedException {
        Freshness wanted = freshness(ask);
        Duration timeout = Duration.ofMillis(ask.required("timeoutMillis").asLong());
        if (ask.has("projections")) {
            Mode mode = Mode.valueOf(ask.required("mode").asText().toUpperCase(Locale.ROOT));
            CombinedAnswer answer = client.awaitAll(texts(ask.path("projections")), wanted, timeout, mode);
            return new Outcome(
                    answer.status(),
                    "",
                    answer.reason(),
                    0,
                    List.of(),
                    answer.answers().stream().map(one -> one.status().word()).toList(),
                    answer.token());
        }
        WatermarkAnswer answer = client.await(ask.required("projection").asText(), wanted, timeout);
        return new Outcome(
                answer.status(),
                answer.phase(),
                answer.reason(),
                answer.waitedMillis(),
                answer.behind(),
                List.of(),
                answer.token());
    }

    private static Freshness freshness(JsonNode ask) {
        if (ask.has("maxStalenessMillis")) {
            return Freshness.within(
                    Duration.ofMillis(ask.path("maxStalenessMillis").asLong()));
        }
        String token = ask.required("token").asText();
        return token.equals("now") ? Freshness.now() : Freshness.of(Token.parse(token));
    }

    /** Parts of the requests, in their order. */
    private static void questions(FakeRelay relay, JsonNode parts) {
        List<String> expected = texts(parts);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(relay.requests.get(i)).contains(expected.get(i));
        }
    }

    private static List<WatermarkAnswer.Behind> behind(JsonNode partitions) {
        List<WatermarkAnswer.Behind> behind = new ArrayList<>();
        partitions.forEach(partition -> behind.add(new WatermarkAnswer.Behind(
                partition.required("topic").asText(),
                partition.required("partition").asInt(),
                partition.required("need").asLong(),
                partition.required("have").asLong())));
        return behind;
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.asText()));
        return texts;
    }

    private static void elapsed(Duration elapsed, JsonNode bounds) {
        assertThat(elapsed)
                .isBetween(
                        Duration.ofMillis(bounds.path("min").asLong(0)),
                        Duration.ofMillis(bounds.path("max").asLong(60_000)));
    }

    private static void requests(List<FakeRelay> relays, JsonNode expected) {
        List<Integer> counts =
                relays.stream().map(relay -> relay.requests.size()).toList();
        if (expected.isArray()) {
            assertThat(counts).hasToString(texts(expected).toString());
        } else {
            assertThat(counts.stream().mapToInt(Integer::intValue).sum())
                    .isBetween(
                            expected.path("min").asInt(), expected.path("max").asInt(Integer.MAX_VALUE));
        }
        relays.forEach(relay -> assertThat(relay.requests)
                .allSatisfy(request -> assertThat(request).contains("strict=false")));
    }
}
