// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.outbox.seal.TokenSeal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class WatermarkClientTest {

    private static final Token TOKEN = Token.of("7f3a9c21", 1, Lsn.parse("A/1B2C3D40"));
    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    private static final String SUCCESS = "{\"status\":\"success\",\"projection\":\"orders-view\",\"waitedMillis\":41}";
    private static final String BEHIND =
            "{\"status\":\"timeout\",\"phase\":\"projection\",\"projection\":\"orders-view\","
                    + "\"behind\":[{\"topic\":\"outbox.order\",\"partition\":1,\"need\":7,\"have\":3}]}";

    private static URI unreachable() throws Exception {
        try (FakeRelay gone = new FakeRelay()) {
            return gone.url();
        }
    }

    @Test
    void sendsTheDocumentedRequest() throws Exception {
        try (FakeRelay relay = new FakeRelay().then(200, SUCCESS)) {
            WatermarkAnswer answer = new WatermarkClient(List.of(relay.url())).await("orders-view", TOKEN, TIMEOUT);

            assertThat(answer.isCaughtUp()).isTrue();
            assertThat(answer.waitedMillis()).isEqualTo(41);
            assertThat(relay.requests)
                    .singleElement()
                    .asString()
                    .startsWith("GET /v1/projections/orders-view/watermark?token=" + TOKEN + "&wait=")
                    .endsWith("ms&strict=false");
        }
    }

    @Test
    void goesThroughNoProxy() throws Exception {
        ProxySelector ofTheMachine = ProxySelector.getDefault();
        try (FakeRelay relay = new FakeRelay().then(200, SUCCESS)) {
            ProxySelector.setDefault(ProxySelector.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 1)));

            assertThat(new WatermarkClient(List.of(relay.url()))
                            .await("orders-view", TOKEN, TIMEOUT)
                            .isCaughtUp())
                    .isTrue();
        } finally {
            ProxySelector.setDefault(ofTheMachine);
        }
    }

    /** Between relay and client the token is sealed, and plain for the application. */
    @Test
    void sealsTheTokensOfQuestionsAndOpensThoseOfAnswers() throws Exception {
        TokenSeal seal = TokenSeal.of(List.of("s".repeat(32)));
        Token carryOn = Token.of("7f3a9c21", 2, Lsn.parse("A/1"));
        String answer =
                "{\"status\":\"success\",\"projection\":\"orders-view\",\"token\":\"" + seal.write(carryOn) + "\"}";
        try (FakeRelay relay = new FakeRelay().then(200, answer)) {
            WatermarkClient client = new WatermarkClient(List.of(relay.url())).seal(seal);

            assertThat(client.await("orders-view", TOKEN, TIMEOUT).token()).contains(carryOn);
            assertThat(client.awaitAll(List.of("orders-view"), TOKEN, Duration.ZERO, WatermarkClient.Mode.ALL)
                            .token())
                    .contains(carryOn);

            assertThat(relay.requests.get(0)).contains("token=" + seal.write(TOKEN) + "&");
            assertThat(relay.requests.get(1)).contains("\"token\":\"" + seal.write(TOKEN) + "\"");
        }
        String foreign = answer.replace(seal.write(carryOn), carryOn.toString());
        try (FakeRelay relay = new FakeRelay().then(200, foreign)) {
            assertThat(new WatermarkClient(List.of(relay.url()))
                            .seal(seal)
                            .await("orders-view", TOKEN, TIMEOUT)
                            .token())
                    .as("an answer's token that cannot be opened changes nothing")
                    .contains(TOKEN);
        }
    }

    @Test
    void readsNoResponseWithoutEnd() throws Exception {
        String endless = "{\"status\":\"success\",\"padding\":\"" + "x".repeat(1024 * 1024) + "\"}";
        try (FakeRelay relay = new FakeRelay().then(200, endless);
                FakeRelay other = new FakeRelay().then(200, SUCCESS)) {
            WatermarkAnswer answer =
                    new WatermarkClient(List.of(relay.url())).await("orders-view", TOKEN, Duration.ZERO);

            assertThat(answer.status()).isEqualTo(WatermarkStatus.UNREACHABLE);
            assertThat(answer.reason()).contains("a response of more than 1048576 bytes");
            assertThat(new WatermarkClient(List.of(relay.url(), other.url()))
                            .await("orders-view", TOKEN, TIMEOUT)
                            .isCaughtUp())
                    .isTrue();
        }
    }

    @Test
    void asksWithoutATokenAsDocumented() throws Exception {
        try (FakeRelay relay = new FakeRelay().then(200, SUCCESS)) {
            WatermarkClient client = new WatermarkClient(List.of(relay.url()));

            assertThat(client.await("orders-view", Freshness.now(), TIMEOUT).isCaughtUp())
                    .isTrue();
            client.await("orders-view", Freshness.within(Duration.ofSeconds(5)), TIMEOUT, Fallback.FAIL);
            client.awaitAll(
                    List.of("orders-view"),
                    Freshness.within(Duration.ofSeconds(5)),
                    Duration.ZERO,
                    WatermarkClient.Mode.ANY);
            client.awaitAll(List.of("orders-view"), Freshness.now(), Duration.ZERO, WatermarkClient.Mode.ANY);

            assertThat(relay.requests.get(0)).startsWith("GET /v1/projections/orders-view/watermark?token=now&wait=");
            assertThat(relay.requests.get(1))
                    .startsWith("GET /v1/projections/orders-view/watermark?maxStaleness=5000ms&wait=");
            assertThat(relay.requests.get(2))
                    .isEqualTo(
                            "POST /v1/wait?strict=false {\"maxStaleness\":\"5000ms\",\"wait\":\"0ms\",\"mode\":\"any\","
                                    + "\"projections\":[\"orders-view\"]}");
            assertThat(relay.requests.get(3)).startsWith("POST /v1/wait?strict=false {\"token\":\"now\",");
        }
        assertThatThrownBy(() -> Freshness.within(Duration.ofMillis(99)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("100 ms or more");
    }

    /** Otherwise a relay with a short maximum wait would move the moment with each request, and a busy source never ends. */
    @Test
    void keepsTheMomentOfTheFirstQuestion() throws Exception {
        String behind = "{\"status\":\"timeout\",\"phase\":\"projection\",\"projection\":\"orders-view\",\"token\":\""
                + TOKEN + "\"}";
        try (FakeRelay relay = new FakeRelay().then(200, behind).then(200, SUCCESS)) {
            new WatermarkClient(List.of(relay.url())).await("orders-view", Freshness.now(), TIMEOUT);

            assertThat(relay.requests).hasSize(2);
            assertThat(relay.requests.get(1)).contains("token=" + TOKEN);
        }
    }

    /** An older relay echoes what was asked, and a relay that says nothing drops nothing. */
    @Test
    void returnsTheTokenThatTheRelayReturns() throws Exception {
        Token fresh = Token.of("7f3a9c21", 2, Lsn.parse("A/1B2C3D00"));
        String diverged = "{\"status\":\"diverged\",\"projection\":\"orders-view\",\"reason\":\"lost\",\"token\":";
        try (FakeRelay relay = new FakeRelay()
                .then(200, diverged + "\"" + fresh + "\"}")
                .then(200, diverged + "null}")
                .then(200, diverged + "\"garbage\"}")
                .then(200, SUCCESS)) {
            WatermarkClient client = new WatermarkClient(List.of(relay.url()));
            Token asked = TOKEN.merge(fresh);

            assertThat(client.await("orders-view", asked, TIMEOUT).token()).contains(fresh);
            assertThat(client.await("orders-view", asked, TIMEOUT).token()).isEmpty();
            assertThat(client.await("orders-view", asked, TIMEOUT).token()).contains(asked);
            assertThat(client.await("orders-view", asked, TIMEOUT).token()).contains(asked);
        }
    }

    @Test
    void asksTheNextRelayIfOneIsUnreachableOrBusy() throws Exception {
        try (FakeRelay standby = new FakeRelay().then(503, "{\"detail\":\"no position yet\"}");
                FakeRelay busy = new FakeRelay().then(429, "{}", "1");
                FakeRelay active = new FakeRelay().then(200, SUCCESS)) {
            WatermarkClient client =
                    new WatermarkClient(List.of(unreachable(), standby.url(), busy.url(), active.url()));

            assertThat(client.await("orders-view", TOKEN, TIMEOUT).isCaughtUp()).isTrue();
            assertThat(client.await("orders-view", TOKEN, TIMEOUT).isCaughtUp()).isTrue();
            assertThat(standby.requests)
                    .as("the relay that answered last is asked first")
                    .hasSize(1);
        }
    }

    @Test
    void asksAgainAfterTheRelaysRetryAfter() throws Exception {
        try (FakeRelay relay = new FakeRelay().then(429, "{}", "1").then(200, SUCCESS)) {
            long since = System.nanoTime();

            assertThat(new WatermarkClient(List.of(relay.url()))
                            .await("orders-view", TOKEN, TIMEOUT)
                            .isCaughtUp())
                    .isTrue();
            assertThat(Duration.ofNanos(System.nanoTime() - since)).isGreaterThanOrEqualTo(Duration.ofSeconds(1));
            assertThat(relay.requests).hasSize(2);
        }
    }

    @Test
    void doesNotAskAgainAfterTheTimeout() throws Exception {
        try (FakeRelay relay = new FakeRelay().then(429, "{\"detail\":\"too many\"}", "30")) {
            WatermarkAnswer answer =
                    new WatermarkClient(List.of(relay.url())).await("orders-view", TOKEN, Duration.ofSeconds(2));

            assertThat(answer.status()).isEqualTo(WatermarkStatus.UNREACHABLE);
            assertThat(answer.reason()).contains("HTTP 429 too many");
            assertThat(relay.requests).hasSize(1);
        }
    }

    @Test
    void doesNotRepeatAPermanentlyRefusedRequest() throws Exception {
        try (FakeRelay relay = new FakeRelay().then(404, "{\"detail\":\"no projection 'x'\"}")) {
            WatermarkClient client = new WatermarkClient(List.of(relay.url()));

            assertThatThrownBy(() -> client.await("x", TOKEN, TIMEOUT))
                    .isInstanceOf(RelayRequestException.class)
                    .hasMessageContaining("HTTP 404 no projection 'x'");
            assertThat(relay.requests).hasSize(1);
        }
    }

    /** For example while a rolling restart adds a projection, or a secret rotates. */
    @ParameterizedTest
    @ValueSource(ints = {400, 401, 403, 404})
    void prefersAnAnswerToARefusalOfAnotherRelay(int status) throws Exception {
        try (FakeRelay old = new FakeRelay().then(status, "{\"detail\":\"not here\"}");
                FakeRelay current = new FakeRelay().then(200, SUCCESS)) {
            WatermarkClient client = new WatermarkClient(List.of(old.url(), current.url()));

            assertThat(client.await("orders-view", TOKEN, TIMEOUT).isCaughtUp()).isTrue();
            assertThat(client.await("orders-view", TOKEN, TIMEOUT, Fallback.STALE))
                    .isEqualTo(ReadFrom.PROJECTION);
        }
    }

    @Test
    void returnsUnreachableIfRelaysRefuseInDifferentWaysOrAreUnreachable() throws Exception {
        try (FakeRelay old = new FakeRelay().then(404, "{\"detail\":\"no projection\"}");
                FakeRelay locked = new FakeRelay().then(401, "{\"detail\":\"no bearer token\"}")) {
            for (URI other : List.of(locked.url(), unreachable())) {
                WatermarkAnswer answer = new WatermarkClient(List.of(old.url(), other))
                        .await("orders-view", TOKEN, Duration.ofMillis(200));

                assertThat(answer.status()).isEqualTo(WatermarkStatus.UNREACHABLE);
                assertThat(answer.reason()).contains("HTTP 404 no projection", other.toString());
            }
        }
    }

    @Test
    void usesTheFallbackIfAllRelaysRefuse() throws Exception {
        try (FakeRelay relay = new FakeRelay().then(404, "{\"detail\":\"no projection 'x'\"}")) {
            WatermarkClient client = new WatermarkClient(List.of(relay.url()));

            assertThat(client.await("x", TOKEN, TIMEOUT, Fallback.STALE)).isEqualTo(ReadFrom.STALE_PROJECTION);
            assertThat(client.await("x", TOKEN, TIMEOUT, Fallback.PRIMARY)).isEqualTo(ReadFrom.PRIMARY);
            assertThatThrownBy(() -> client.await("x", TOKEN, TIMEOUT, Fallback.FAIL))
                    .isInstanceOf(NotCaughtUpException.class)
                    .hasCauseInstanceOf(RelayRequestException.class);
        }
    }

    private static Stream<Arguments> responsesThatAreNotAnswers() {
        return Stream.of(
                Arguments.of(
                        404, "<html>no such page</html>", Map.of("Content-Type", "text/html"), "404 with text/html"),
                Arguments.of(404, "{\"message\":\"no route\"}", Map.of(), "404 with JSON that a relay does not write"),
                Arguments.of(302, "", Map.of("Location", "http://login.example/"), "302 to http://login.example/"),
                Arguments.of(204, "", Map.of(), "204 without a body"),
                Arguments.of(200, "", Map.of(), "200 without a body"),
                Arguments.of(200, "[]", Map.of(), "200 with JSON that is not an object"),
                Arguments.of(200, "<html>sorry</html>", Map.of("Content-Type", "text/html"), "200 with text/html"),
                Arguments.of(200, "{}", Map.of(), "JSON without a status"),
                Arguments.of(200, "{\"status\":true}", Map.of(), "JSON without a status"),
                Arguments.of(200, "{\"status\":\"splendid\"}", Map.of(), "status 'splendid', which this library"));
    }

    @ParameterizedTest
    @MethodSource("responsesThatAreNotAnswers")
    void asksTheNextRelayIfAResponseIsNotARelaysAnswer(
            int status, String body, Map<String, String> headers, String whatCame) throws Exception {
        try (FakeRelay gateway = new FakeRelay().then(status, body, headers);
                FakeRelay relay = new FakeRelay().then(200, SUCCESS)) {
            WatermarkClient both = new WatermarkClient(List.of(gateway.url(), relay.url()));
            WatermarkClient alone = new WatermarkClient(List.of(gateway.url()));

            assertThat(both.await("orders-view", TOKEN, TIMEOUT).isCaughtUp()).isTrue();
            WatermarkAnswer answer = alone.await("orders-view", TOKEN, Duration.ZERO);
            assertThat(answer.status()).isEqualTo(WatermarkStatus.UNREACHABLE);
            assertThat(answer.reason()).contains(whatCame);
            assertThat(alone.awaitAll(List.of("orders-view"), TOKEN, Duration.ZERO, WatermarkClient.Mode.ALL)
                            .status())
                    .isEqualTo(WatermarkStatus.UNREACHABLE);
            assertThat(alone.await("orders-view", TOKEN, Duration.ZERO, Fallback.STALE))
                    .isEqualTo(ReadFrom.STALE_PROJECTION);
        }
    }

    @Test
    void doesNotWaitForARetryAfterBeyondTheTimeout() throws Exception {
        try (FakeRelay relay = new FakeRelay().then(503, "{\"detail\":\"no position yet\"}", "3")) {
            long since = System.nanoTime();

            assertThat(new WatermarkClient(List.of(relay.url()))
                            .await("orders-view", TOKEN, Duration.ofMillis(750), Fallback.PRIMARY))
                    .isEqualTo(ReadFrom.PRIMARY);
            assertThat(Duration.ofNanos(System.nanoTime() - since)).isLessThan(Duration.ofMillis(700));
        }
    }

    @Test
    void asksOtherRelaysDuringTheRetryAfterOfABusyOne() throws Exception {
        try (FakeRelay busy = new FakeRelay().then(429, "{}", "3");
                FakeRelay starting = new FakeRelay().then(503, "{}").then(200, SUCCESS)) {
            WatermarkClient client = new WatermarkClient(List.of(busy.url(), starting.url()));

            assertThat(client.await("orders-view", TOKEN, Duration.ofMillis(750))
                            .isCaughtUp())
                    .isTrue();
            assertThat(busy.requests).hasSize(1);
        }
    }

    @Test
    void takesAtMostTheTimeoutAndItsGraceForAnyNumberOfHangingRelays() throws Exception {
        try (FakeRelay first = new FakeRelay().thenNothing();
                FakeRelay second = new FakeRelay().thenNothing();
                FakeRelay third = new FakeRelay().thenNothing()) {
            long since = System.nanoTime();
            WatermarkAnswer answer = new WatermarkClient(List.of(first.url(), second.url(), third.url()))
                    .await("orders-view", TOKEN, Duration.ofMillis(300));

            assertThat(answer.status()).isEqualTo(WatermarkStatus.UNREACHABLE);
            assertThat(Duration.ofNanos(System.nanoTime() - since))
                    .isBetween(Duration.ofMillis(2300), Duration.ofMillis(3800)); // 300 + 2500, and a busy machine
            assertThat(second.requests)
                    .as("a relay that hangs leaves time for another")
                    .hasSize(1);
        }
    }

    @Test
    void appliesTheFallbackThatTheCallerChose() throws Exception {
        try (FakeRelay relay = new FakeRelay().then(200, BEHIND)) {
            WatermarkClient client = new WatermarkClient(List.of(relay.url()));

            assertThat(client.await("orders-view", TOKEN, Duration.ZERO, Fallback.STALE))
                    .isEqualTo(ReadFrom.STALE_PROJECTION);
            assertThat(client.await("orders-view", TOKEN, Duration.ZERO, Fallback.PRIMARY))
                    .isEqualTo(ReadFrom.PRIMARY);
            assertThatThrownBy(() -> client.await("orders-view", TOKEN, Duration.ZERO, Fallback.FAIL))
                    .isInstanceOfSatisfying(
                            NotCaughtUpException.class,
                            failure -> assertThat(failure.answers().get(0).behind())
                                    .containsExactly(new WatermarkAnswer.Behind("outbox.order", 1, 7, 3)));
        }
    }

    @Test
    void waitsForSeveralProjectionsInOneRequest() throws Exception {
        String body = "{\"status\":\"timeout\",\"mode\":\"all\",\"projections\":[" + SUCCESS + "," + BEHIND + "]}";
        try (FakeRelay relay = new FakeRelay().then(200, body)) {
            CombinedAnswer answer = new WatermarkClient(List.of(relay.url()))
                    .awaitAll(List.of("orders-view", "stock"), TOKEN, Duration.ZERO, WatermarkClient.Mode.ALL);

            assertThat(answer.isCaughtUp()).isFalse();
            assertThat(answer.answers())
                    .extracting(WatermarkAnswer::status)
                    .containsExactly(WatermarkStatus.SUCCESS, WatermarkStatus.TIMEOUT);
            assertThat(relay.requests)
                    .singleElement()
                    .asString()
                    .startsWith("POST /v1/wait?strict=false {\"token\":\"" + TOKEN + "\",\"wait\":\"")
                    .endsWith("ms\",\"mode\":\"all\",\"projections\":[\"orders-view\",\"stock\"]}");
        }
    }

    /** A relay limits every wait to its maximum, and returns {@code timeout} then. */
    @Test
    void asksAgainUntilTheTimeoutExpires() throws Exception {
        String waited = "{\"waitedMillis\":30," + BEHIND.substring(1);
        try (FakeRelay relay =
                new FakeRelay().then(200, waited).then(200, waited).then(200, SUCCESS)) {
            WatermarkAnswer answer = new WatermarkClient(List.of(relay.url())).await("orders-view", TOKEN, TIMEOUT);

            assertThat(answer.isCaughtUp()).isTrue();
            assertThat(answer.waitedMillis()).isEqualTo(30 + 30 + 41);
            assertThat(relay.requests).hasSize(3);
        }
    }

    @Test
    void repeatsTheRequestUntilTheTimeoutIsOver() throws Exception {
        try (FakeRelay relay = new FakeRelay()
                .then(200, "{\"status\":\"timeout\",\"projections\":[" + BEHIND + "]}")
                .then(200, "{\"status\":\"success\",\"projections\":[" + SUCCESS + "]}")) {
            CombinedAnswer answer = new WatermarkClient(List.of(relay.url()))
                    .awaitAll(List.of("orders-view"), TOKEN, TIMEOUT, WatermarkClient.Mode.ALL);

            assertThat(answer.isCaughtUp()).isTrue();
            assertThat(relay.requests).hasSize(2);
        }
    }

    @Test
    void returnsStatusesThatWaitingCannotChangeImmediately() throws Exception {
        try (FakeRelay relay = new FakeRelay().then(200, BEHIND.replace("timeout", "stalled"))) {
            WatermarkAnswer answer = new WatermarkClient(List.of(relay.url())).await("orders-view", TOKEN, TIMEOUT);

            assertThat(answer.status()).isEqualTo(WatermarkStatus.STALLED);
            assertThat(relay.requests).hasSize(1);
        }
    }

    @Test
    void sendsTheTokenThatTheFileHasNow(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("token"), "first-token-of-16+\nanother-line\n");
        try (FakeRelay relay = new FakeRelay().then(200, SUCCESS)) {
            WatermarkClient anybody = new WatermarkClient(List.of(relay.url()));
            WatermarkClient client = anybody.bearerToken(BearerToken.ofFile(file));

            client.await("orders-view", TOKEN, TIMEOUT);
            Files.writeString(file, "second-token-of-16+\n");
            client.awaitAll(List.of("orders-view"), TOKEN, TIMEOUT, WatermarkClient.Mode.ALL);
            anybody.await("orders-view", TOKEN, TIMEOUT);

            assertThat(relay.authorizations)
                    .containsExactly("Bearer first-token-of-16+", "Bearer second-token-of-16+", "");
        }
    }

    @Test
    void asksNoRelayWithoutATokenAndReturnsTheReason(@TempDir Path directory) throws Exception {
        try (FakeRelay relay = new FakeRelay().then(200, SUCCESS)) {
            Path file = Files.writeString(directory.resolve("token"), "\n");
            WatermarkClient client = new WatermarkClient(List.of(relay.url())).bearerToken(BearerToken.ofFile(file));

            WatermarkAnswer answer = client.await("orders-view", TOKEN, Duration.ZERO);

            assertThat(answer.status()).isEqualTo(WatermarkStatus.UNREACHABLE);
            assertThat(answer.reason()).contains("no bearer token in the first line of " + file);
            assertThat(relay.requests).isEmpty();
        }
    }

    /** The JDK would throw, and have the token in its message. */
    @Test
    void sendsNoTokenThatNoHeaderCanHaveAndDoesNotShowIt() throws Exception {
        for (String token : List.of("secret-token-of-16+\n", "\uFEFFsecret-token-of-16+", "")) {
            try (FakeRelay relay = new FakeRelay().then(200, SUCCESS)) {
                WatermarkClient client = new WatermarkClient(List.of(relay.url())).bearerToken(() -> token);

                WatermarkAnswer answer = client.await("orders-view", TOKEN, Duration.ZERO);

                assertThat(answer.status()).isEqualTo(WatermarkStatus.UNREACHABLE);
                assertThat(answer.reason()).contains("the bearer token has").doesNotContain("secret");
                assertThat(relay.requests).isEmpty();
            }
        }
    }

    @Test
    void takesNoClientThatFollowsRedirects() {
        HttpClient following = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NORMAL)
                .build();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> new WatermarkClient(following, List.of(URI.create("http://relay:8080"))))
                .withMessageContaining("follows redirects");
    }

    @Test
    void namesBadAddresses() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new WatermarkClient(List.of()))
                .withMessageContaining("relays is empty");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new WatermarkClient(List.of(URI.create("relay:8080"))))
                .withMessageContaining("'relay:8080' is not a base URL");
    }
}
