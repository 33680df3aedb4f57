// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.tidemark.outbox.Position;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.config.HeaderStyle;
import io.tidemark.relay.config.RouteConfig;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class RouterTest {

    private static final String ID = "0191f7a2-0000-7000-8000-000000000001";
    private static final String POSITION = "00000001/00000016B374D848/00000002";
    private static final Position AT = Position.parse(POSITION);
    private static final byte[] PAYLOAD = {0, -1, '{', (byte) 0xC3};

    @Test
    void copiesKeyValueAndTimestamp() {
        OutgoingEvent outgoing = router(route("*", "outbox.{aggregateType}")).route(event("order", PAYLOAD), AT, null);

        assertThat(outgoing.topic()).isEqualTo("outbox.order");
        assertThat(new String(outgoing.key(), StandardCharsets.UTF_8)).isEqualTo("№1 \uD83D\uDE80");
        assertThat(outgoing.value()).isSameAs(PAYLOAD);
        assertThat(outgoing.timestampMillis()).isEqualTo(1_700_000_000_123L);
    }

    @Test
    void usesTheFirstRouteThatMatches() {
        Router router = router(route("order", "orders"), route("*", "rest"), route("payment", "payments"));

        assertThat(router.route(event("order", PAYLOAD), AT, null).topic()).isEqualTo("orders");
        assertThat(router.route(event("payment", PAYLOAD), AT, null).topic()).isEqualTo("rest");
    }

    @Test
    void namesAnEventWithoutAMatchingRoute() {
        Router router = router(route("order", "orders"));

        assertThatThrownBy(() -> router.route(event("payment", PAYLOAD), AT, null))
                .isInstanceOf(PoisonEvent.class)
                .hasMessageContainingAll(ID, POSITION, "'payment'", "routes");
    }

    @Test
    void publishesTombstonesOnlyIfTheRouteAllowsThem() {
        RouteConfig allowed = new RouteConfig("order", "orders", true, RouteConfig.OnPoison.HALT);
        Router router = router(allowed, route("*", "rest"));

        assertThat(router.route(event("order", null), AT, null).value()).isNull();
        assertThatThrownBy(() -> router.route(event("payment", null), AT, null))
                .isInstanceOf(PoisonEvent.class)
                .hasMessageContainingAll(ID, POSITION, "tombstones: true", "'payment'");
    }

    @ParameterizedTest
    @EnumSource(HeaderStyle.class)
    void replaysLikeTheFirstTimeButMarkedAndWithoutPosition(HeaderStyle style) {
        Router router = new Router(List.of(route("*", "outbox.{aggregateType}")), style, "7f3a9c21");

        OutgoingEvent first = router.route(full(), AT, null);
        OutgoingEvent again = router.replay(full(), "r1", Optional.empty());

        assertThat(again.topic()).isEqualTo(first.topic());
        assertThat(again.key()).isEqualTo(first.key());
        assertThat(again.value()).isSameAs(PAYLOAD);
        assertThat(again.timestampMillis()).isEqualTo(first.timestampMillis());
        assertThat(texts(again).stream().filter(header -> !header.startsWith("tidemark-replayed=")))
                .containsExactlyElementsOf(texts(first).stream()
                        .filter(header -> !header.startsWith("tidemark-position="))
                        .toList());
        assertThat(texts(again)).contains("tidemark-replayed=r1");
        assertThat(router.replay(full(), "r1", Optional.of("other")).topic()).isEqualTo("other");
    }

    @Test
    void replaysNothingThatTheRoutesReject() {
        Router router = router(route("order", "orders"));

        assertThatThrownBy(() -> router.replay(event("payment", PAYLOAD), "r1", Optional.of("other")))
                .isInstanceOf(PoisonEvent.class)
                .hasMessageContainingAll(ID, "'payment'", "routes");
        assertThatThrownBy(() -> router.replay(event("order", null), "r1", Optional.empty()))
                .isInstanceOf(PoisonEvent.class)
                .hasMessageContainingAll(ID, "tombstones: true");
    }

    private static List<String> texts(OutgoingEvent event) {
        return event.headers().stream()
                .map(header -> header.name() + "=" + new String(header.value(), StandardCharsets.UTF_8))
                .toList();
    }

    @Test
    void acceptsATopicOfTheMaximumLengthAndRejectsALongerOne() {
        Router router = router(route("*", "t".repeat(100) + "{aggregateType}"));

        assertThat(router.route(event("a".repeat(149), PAYLOAD), AT, null).topic())
                .hasSize(249);
        assertThatThrownBy(() -> router.route(event("a".repeat(150), PAYLOAD), AT, null))
                .isInstanceOf(PoisonEvent.class)
                .hasMessageContainingAll(ID, POSITION, "not a legal topic name", "routes.topic");
    }

    @Test
    void keepsWritersOutOfInternalTopics() {
        Router router = router(route("*", "{aggregateType}"));

        assertThatThrownBy(() -> router.route(event("tidemark.positions", PAYLOAD), AT, null))
                .isInstanceOf(PoisonEvent.class)
                .hasMessageContainingAll(ID, POSITION, "tidemark.positions", "routes.topic");
    }

    @Test
    void writesTidemarkHeaders() {
        assertThat(headers(HeaderStyle.TIDEMARK, full(), null))
                .containsExactly(
                        "id=" + ID,
                        "type=OrderPlaced",
                        "content-type=application/json",
                        "tidemark-source=7f3a9c21",
                        "tidemark-position=" + POSITION,
                        "traceparent=00-0af7-b7ad-01",
                        "tracestate=rojo=1, congo=2 ",
                        "tenant=№1 \uD83D\uDC27",
                        "empty=");
    }

    @Test
    void writesCloudEventsHeaders() {
        assertThat(headers(HeaderStyle.CLOUDEVENTS, full(), null))
                .containsExactly(
                        "ce_specversion=1.0",
                        "ce_id=" + ID,
                        "ce_source=/tidemark/7f3a9c21/order",
                        "ce_type=OrderPlaced",
                        "ce_subject=№1 \uD83D\uDE80",
                        "ce_time=2023-11-14T22:13:20.123Z",
                        "content-type=application/json",
                        "tidemark-source=7f3a9c21",
                        "tidemark-position=" + POSITION,
                        "traceparent=00-0af7-b7ad-01",
                        "tracestate=rojo=1, congo=2 ",
                        "tenant=№1 \uD83D\uDC27",
                        "empty=");
    }

    @Test
    void writesAUriAsSourceOfACloudEventForAnyAggregateType() {
        assertThat(headers(HeaderStyle.CLOUDEVENTS, event("or der/ü+1", PAYLOAD), null))
                .contains("ce_source=/tidemark/7f3a9c21/or%20der%2F%C3%BC%2B1");
    }

    @Test
    void writesDebeziumHeaders() {
        assertThat(headers(HeaderStyle.DEBEZIUM, full(), null))
                .containsExactly(
                        "id=" + ID,
                        "tidemark-source=7f3a9c21",
                        "tidemark-position=" + POSITION,
                        "traceparent=00-0af7-b7ad-01",
                        "tracestate=rojo=1, congo=2 ",
                        "tenant=№1 \uD83D\uDC27",
                        "empty=");
    }

    @ParameterizedTest
    @EnumSource(HeaderStyle.class)
    void omitsHeadersOfNullFields(HeaderStyle style) {
        assertThat(headers(style, event("order", PAYLOAD), null))
                .contains("tidemark-position=" + POSITION)
                .noneMatch(header -> header.startsWith("content-type=") || header.startsWith("trace"))
                .noneMatch(header -> header.startsWith("tidemark-split="));
    }

    @ParameterizedTest
    @EnumSource(HeaderStyle.class)
    void writesTheSplitHeaderRightAfterThePosition(HeaderStyle style) {
        List<String> headers = headers(style, full(), "0-9999/20000");

        int position = headers.indexOf("tidemark-position=" + POSITION);
        assertThat(headers.get(position + 1)).isEqualTo("tidemark-split=0-9999/20000");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[\"an array\"]",
                "{\"n\": 5}",
                "{\"n\": null}",
                "{\"\": \"x\"}",
                "{\"tidemark-position\": \"x\"}",
                "no JSON",
                "{\"half\": \"\\ud83d\"}"
            })
    void refusesAnEventWhoseOwnHeadersAreNotAnObjectOfStrings(String own) {
        Router router = router(new RouteConfig("*", "t", null, RouteConfig.OnPoison.DEAD_LETTER));
        CapturedEvent event = withHeaders(own);

        PoisonEvent poison = catchThrowableOfType(PoisonEvent.class, () -> router.route(event, AT, null));

        assertThat(poison).hasMessageContainingAll(ID, POSITION, "has headers that", "onPoison: dead-letter");
        OutgoingEvent deadLetter = router.deadLetter(event, AT, null, poison, Instant.EPOCH);
        assertThat(deadLetter.value()).isSameAs(PAYLOAD);
        assertThat(deadLetter.headers())
                .extracting(OutgoingEvent.OutgoingHeader::name)
                .contains("id", "tidemark-position")
                .doesNotHaveDuplicates();
        assertThatThrownBy(() -> router.replay(event, "r", Optional.empty())).isInstanceOf(PoisonEvent.class);
    }

    private static CapturedEvent withHeaders(String own) {
        return new CapturedEvent(ID, "order", "1", "OrderPlaced", PAYLOAD, null, own, null, null, 0);
    }

    private static List<String> headers(HeaderStyle style, CapturedEvent event, @Nullable String split) {
        Router router = new Router(List.of(route("*", "t")), style, "7f3a9c21");
        return router.route(event, AT, split).headers().stream()
                .map(header -> header.name() + "=" + new String(header.value(), StandardCharsets.UTF_8))
                .toList();
    }

    private static Router router(RouteConfig... routes) {
        return new Router(List.of(routes), HeaderStyle.TIDEMARK, "7f3a9c21");
    }

    private static RouteConfig route(String aggregateType, String topic) {
        return new RouteConfig(aggregateType, topic, null, null);
    }

    private static CapturedEvent event(String aggregateType, byte @Nullable [] payload) {
        return new CapturedEvent(
                ID,
                aggregateType,
                "№1 \uD83D\uDE80",
                "OrderPlaced",
                payload,
                null,
                null,
                null,
                null,
                1_700_000_000_123L);
    }

    private static CapturedEvent full() {
        CapturedEvent bare = event("order", PAYLOAD);
        return new CapturedEvent(
                ID,
                "order",
                bare.aggregateId(),
                "OrderPlaced",
                Objects.requireNonNull(bare.payload()),
                "application/json",
                "{\"tenant\": \"№1 \\ud83d\\udc27\", \"empty\": \"\"}",
                "00-0af7-b7ad-01",
                "rojo=1, congo=2 ",
                bare.createdAtMillis());
    }
}
