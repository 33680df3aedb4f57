// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.declared;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.config.RouteConfig;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WritableTopicsTest {

    private static final WritableTopics DEFAULT = topics(route("*", "outbox.{aggregateType}"));

    private static RouteConfig route(String type, String topic) {
        return new RouteConfig(type, topic, null, null);
    }

    private static WritableTopics topics(RouteConfig... routes) {
        return new WritableTopics(List.of(routes));
    }

    @ParameterizedTest
    @ValueSource(strings = {"outbox.order", "outbox.orders", "outbox.Order", "outbox.a.b"})
    void findsNothingWrongWithATopicOfSomeAggregateType(String topic) {
        assertThat(DEFAULT.whyNot(topic)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "order, did you mean outbox.order?",
        "Outbox.Order, did you mean outbox.Order?",
        "outbx.order, did you mean outbox.order?",
        "outbox., the route for '*' writes 'outbox.{aggregateType}'.",
        "customers.eu, the route for '*' writes 'outbox.{aggregateType}'.",
        "tidemark.positions, a topic of the relay itself",
        "__consumer_offsets, a topic of Kafka itself",
        "outbox.a b, no route writes it"
    })
    void namesTopicsThatNoEventGoesToAndWhatWasProbablyMeant(String topic, String said) {
        assertThat(DEFAULT.whyNot(topic))
                .hasValueSatisfying(why -> assertThat(why).contains(said));
    }

    @Test
    void containsEverythingThatAPersonNeeds() {
        assertThat(DEFAULT.findings(new ProjectionConfig("v", null, List.of("outbox.order", "order"), null)))
                .containsExactly("projection v reads topic 'order', but no route writes it; the route for '*' writes"
                        + " 'outbox.{aggregateType}'; did you mean outbox.order? Every token is answered unknown for"
                        + " this projection until projections[].topics names topics that routes write, and the relay"
                        + " is restarted");
    }

    @Test
    void aRouteOfOneTypeWritesOneTopic() {
        WritableTopics topics = topics(route("order", "shop.{aggregateType}"), route("customer", "people"));

        assertThat(topics.whyNot("shop.order")).isEmpty();
        assertThat(topics.whyNot("people")).isEmpty();
        assertThat(topics.whyNot("shop.customer")).isPresent();
        assertThat(topics.whyNot("order"))
                .hasValueSatisfying(why -> assertThat(why).contains("did you mean shop.order?"));
        assertThat(topics.whyNot("poeple"))
                .hasValueSatisfying(why -> assertThat(why).contains("did you mean people?"));
    }

    @Test
    void aRouteThatAnEarlierOneTakesEverythingFromWritesNothing() {
        WritableTopics topics = topics(
                route("order", "orders"), route("*", "all"), route("customer", "customers"), route("order", "again"));

        assertThat(topics.whyNot("orders")).isEmpty();
        assertThat(topics.whyNot("all")).isEmpty();
        assertThat(topics.whyNot("customers")).isPresent();
        assertThat(topics.whyNot("again")).isPresent();
    }

    @Test
    void theTypeOfAnEarlierRouteDoesNotGoTheWayOfAllOthers() {
        WritableTopics topics = topics(route("order", "orders"), route("*", "outbox.{aggregateType}"));

        assertThat(topics.whyNot("outbox.order"))
                .hasValueSatisfying(why -> assertThat(why).contains("the route for 'order' writes 'orders'"));
        assertThat(topics.whyNot("outbox.invoice")).isEmpty();
    }

    @Test
    void readsTemplatesThatNameTheTypeTwice() {
        WritableTopics topics = topics(route("*", "x.{aggregateType}.{aggregateType}.v1"));

        assertThat(topics.whyNot("x.order.order.v1")).isEmpty();
        assertThat(topics.whyNot("x.a.b.a.b.v1")).isEmpty();
        assertThat(topics.whyNot("x.order.other.v1")).isPresent();
        assertThat(topics.whyNot("x...v1")).isPresent();
    }
}
