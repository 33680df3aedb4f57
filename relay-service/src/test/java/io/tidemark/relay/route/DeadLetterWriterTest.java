// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.DeadLetters;
import io.tidemark.outbox.Position;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.config.HeaderStyle;
import io.tidemark.relay.config.RouteConfig;
import io.tidemark.relay.config.RouteConfig.OnPoison;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DeadLetterWriterTest {

    private static final Position AT = Position.parse("00000001/00000016B374D848/00000002");
    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");
    private final PoisonEvent poison = new PoisonEvent("event x", "is too large", "make it small", null);

    private final Router router = new Router(
            List.of(
                    new RouteConfig("order", "orders", false, OnPoison.DEAD_LETTER),
                    new RouteConfig("payment", "payments", false, OnPoison.HALT)),
            HeaderStyle.TIDEMARK,
            "7f3a9c21");

    private static CapturedEvent event(String aggregateType, byte @Nullable [] payload) {
        return new CapturedEvent(
                "0191f7a2", aggregateType, "№1", "Placed", payload, null, "{\"tenant\": \"t\"}", null, null, 1234);
    }

    private OutgoingEvent deadLetter(CapturedEvent event, PoisonEvent poison) {
        return router.deadLetter(event, AT, "0-9/20", poison, NOW);
    }

    private static List<String> headers(OutgoingEvent letter) {
        return letter.headers().stream()
                .map(header -> header.name() + "=" + new String(header.value(), StandardCharsets.UTF_8))
                .toList();
    }

    @Test
    void hasTheEventAndTheReason() {
        byte[] payload = {1, -1};

        OutgoingEvent letter = deadLetter(event("order", payload), poison);

        assertThat(letter.topic()).isEqualTo("tidemark.dead-letters");
        assertThat(new String(letter.key(), StandardCharsets.UTF_8)).isEqualTo("7f3a9c21/0191f7a2/" + AT);
        assertThat(letter.value()).isSameAs(payload);
        assertThat(letter.timestampMillis()).isEqualTo(1234);
        assertThat(headers(letter))
                .containsExactly(
                        "id=0191f7a2",
                        "type=Placed",
                        "tidemark-source=7f3a9c21",
                        "tidemark-position=" + AT,
                        "tidemark-split=0-9/20",
                        "tenant=t",
                        "tidemark-dead-letter-reason=is too large",
                        "tidemark-dead-letter-topic=orders",
                        "tidemark-dead-letter-key=№1",
                        "tidemark-dead-letter-aggregate-type=order",
                        "tidemark-dead-letter-time=2026-11-20T12:00:00Z");
    }

    @Test
    void isNeverATombstone() {
        OutgoingEvent letter = deadLetter(event("order", null), poison);

        assertThat(letter.value()).isEmpty();
        assertThat(headers(letter)).contains(DeadLetters.NULL_PAYLOAD + "=true");
    }

    /** Retrying cannot succeed, so the dead letter has no intended topic. */
    @Test
    void hasNoIntendedTopicIfTheEventHasADefect() {
        CapturedEvent defective =
                new CapturedEvent("", "order", "", "", new byte[] {1}, null, null, null, null, 1234, "has no key");

        assertThatThrownBy(() -> router.route(defective, AT, null))
                .isInstanceOfSatisfying(PoisonEvent.class, poison -> {
                    assertThat(poison.reason()).isEqualTo("has no key");
                    assertThat(headers(deadLetter(defective, poison)))
                            .contains("tidemark-dead-letter-reason=has no key")
                            .noneMatch(header -> header.startsWith(DeadLetters.INTENDED_TOPIC));
                });
    }

    @Test
    void staysPoisonIfTheRouteHaltsOrIsMissing() {
        assertThatThrownBy(() -> deadLetter(event("payment", null), poison)).isSameAs(poison);
        assertThatThrownBy(() -> deadLetter(event("other", null), poison)).isSameAs(poison);
    }

    @Test
    void cutsATooLongReason() {
        OutgoingEvent letter =
                deadLetter(event("order", null), new PoisonEvent("event x", "r".repeat(100_000), "fix", null));

        assertThat(headers(letter)).contains(DeadLetters.REASON + "=" + "r".repeat(2000));
    }
}
