package io.tidemark.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatermarkClientTest {

    private static final Token TOKEN = Token.of("7f3a9c21", 1, Lsn.parse("A/1B2C3D40"));
    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    private static final String SUCCESS = "{\"status\":\"success\",\"projection\":\"orders-view\",\"waitedMillis\":41}";
    private static final String BEHIND =
            "{\"status\":\"timeout\",\"phase\":\"projection\",\"projection\":\"orders-view\","
                    + "\"behind\":[{\"topic\":\"outbox.order\",\"partition\":1,\"need\":7,\"have\":3}]}";

    private static URI nobody() throws Exception {
        try (FakeRelay gone = new FakeRelay()) {
            return gone.url();
        }
    }

    @Test
    void asksAsTheInterfaceSays() throws Exception {
        try (FakeRelay relay = new FakeRelay().then(200, SUCCESS)) {
            WatermarkAnswer answer = new WatermarkClient(List.of(relay.url())).await("orders-view", TOKEN, TIMEOUT);

            assertThat(answer.isCaughtUp()).isTrue();
            assertThat(answer.waitedMillis()).isEqualTo(41);
            assertThat(relay.requests)
                    .singleElement()
                    .asString()
                    .startsWith("GET /v1/projections/orders-view/watermark?token=" + TOKEN + "&wait=")
                    .endsWith("ms");
        }
    }

    @Test
    void leavesARelayThatIsAwayOrBusyForTheNext() throws Exception {
        try (FakeRelay standby = new FakeRelay().then(503, "{\"detail\":\"no position yet\"}");
                FakeRelay busy = new FakeRelay().then(429, "{}", "1");
                FakeRelay active = new FakeRelay().then(200, SUCCESS)) {
            WatermarkClient client = new WatermarkClient(List.of(nobody(), standby.url(), busy.url(), active.url()));

            assertThat(client.await("orders-view", TOKEN, TIMEOUT).isCaughtUp()).isTrue();
            assertThat(client.await("orders-view", TOKEN, TIMEOUT).isCaughtUp()).isTrue();
            assertThat(standby.requests)
                    .as("the one that answered is asked first")
                    .hasSize(1);
        }
    }

    @Test
    void comesBackWhenItIsToldTo() throws Exception {
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
    void doesNotComeBackAfterTheTimeout() throws Exception {
        try (FakeRelay relay = new FakeRelay().then(429, "{\"detail\":\"too many\"}", "30")) {
            WatermarkAnswer answer =
                    new WatermarkClient(List.of(relay.url())).await("orders-view", TOKEN, Duration.ofSeconds(2));

            assertThat(answer.status()).isEqualTo(WatermarkStatus.UNREACHABLE);
            assertThat(answer.reason()).contains("HTTP 429 too many");
            assertThat(relay.requests).hasSize(1);
        }
    }

    @Test
    void aRefusalForGoodIsNotRepeated() throws Exception {
        try (FakeRelay relay = new FakeRelay().then(404, "{\"detail\":\"no projection 'x'\"}")) {
            WatermarkClient client = new WatermarkClient(List.of(relay.url()));

            assertThatThrownBy(() -> client.await("x", TOKEN, TIMEOUT))
                    .isInstanceOf(RelayRequestException.class)
                    .hasMessageContaining("HTTP 404 no projection 'x'");
            assertThat(relay.requests).hasSize(1);
        }
    }

    @Test
    void nothingUnknownIsASuccess() throws Exception {
        try (FakeRelay relay =
                new FakeRelay().then(200, "{\"status\":\"splendid\"}").then(200, "{}")) {
            WatermarkClient client = new WatermarkClient(List.of(relay.url()));

            WatermarkAnswer answer = client.await("orders-view", TOKEN, TIMEOUT);

            assertThat(answer.status()).isEqualTo(WatermarkStatus.UNKNOWN);
            assertThat(answer.reason()).contains("splendid");
            assertThat(client.await("orders-view", TOKEN, TIMEOUT).isCaughtUp()).isFalse();
        }
    }

    @Test
    void theCallerChoosesWhatHappensOtherwise() throws Exception {
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
                    .startsWith("POST /v1/wait {\"token\":\"" + TOKEN + "\",\"wait\":\"")
                    .endsWith("ms\",\"mode\":\"all\",\"projections\":[\"orders-view\",\"stock\"]}");
        }
    }

    /** A relay cuts every wait to its own limit, and says timeout then. */
    @Test
    void asksAgainUntilTheCallersTimeIsOver() throws Exception {
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
    void whatWaitingDoesNotMendIsToldAtOnce() throws Exception {
        try (FakeRelay relay = new FakeRelay().then(200, BEHIND.replace("timeout", "stalled"))) {
            WatermarkAnswer answer = new WatermarkClient(List.of(relay.url())).await("orders-view", TOKEN, TIMEOUT);

            assertThat(answer.status()).isEqualTo(WatermarkStatus.STALLED);
            assertThat(relay.requests).hasSize(1);
        }
    }

    @Test
    void showsTheTokenThatTheFileHasNow(@TempDir Path directory) throws Exception {
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
    void withoutATokenToShowItAsksNobodyAndSaysWhy(@TempDir Path directory) throws Exception {
        try (FakeRelay relay = new FakeRelay().then(200, SUCCESS)) {
            Path file = Files.writeString(directory.resolve("token"), "\n");
            WatermarkClient client = new WatermarkClient(List.of(relay.url())).bearerToken(BearerToken.ofFile(file));

            WatermarkAnswer answer = client.await("orders-view", TOKEN, Duration.ZERO);

            assertThat(answer.status()).isEqualTo(WatermarkStatus.UNREACHABLE);
            assertThat(answer.reason()).contains("no bearer token in the first line of " + file);
            assertThat(relay.requests).isEmpty();
        }
    }

    @Test
    void badAddressesAreNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new WatermarkClient(List.of()))
                .withMessageContaining("relays is empty");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new WatermarkClient(List.of(URI.create("relay:8080"))))
                .withMessageContaining("'relay:8080' is not a base URL");
    }
}
