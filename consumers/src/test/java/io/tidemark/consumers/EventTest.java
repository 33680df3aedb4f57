// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.outbox.Position;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventTest {

    private static final String ID = "6c1b9f4e-0d7a-4b1e-9d39-2a3f6b1f0c55";

    private static Event event(byte @Nullable [] value, Map<String, String> headers) {
        ConsumerRecord<byte[], byte[]> record =
                new ConsumerRecord<>("outbox.order", 2, 17, "42".getBytes(StandardCharsets.UTF_8), value);
        headers.forEach((name, text) -> record.headers().add(name, text.getBytes(StandardCharsets.UTF_8)));
        return Event.of(record);
    }

    @Test
    void givesTypedAccess() throws Exception {
        Event event = event(
                "{\"total\": 12.5}".getBytes(StandardCharsets.UTF_8),
                Map.of("id", ID, "type", "OrderPlaced", "tidemark-position", "00000001/0000000A1B2C3D40/00000003"));

        assertThat(event.id()).isEqualTo(UUID.fromString(ID));
        assertThat(event.type()).isEqualTo("OrderPlaced");
        assertThat(event.key()).isEqualTo("42");
        assertThat(event.position()).contains(Position.parse("00000001/0000000A1B2C3D40/00000003"));
        assertThat(event.json().path("total").doubleValue()).isEqualTo(12.5);
        assertThat(event.headers()).containsEntry("type", "OrderPlaced");
        assertThat(event).hasToString("outbox.order-2@17");
    }

    @Test
    void readsCloudEventsHeaders() {
        Event event = event(new byte[0], Map.of("ce_id", ID, "ce_type", "OrderPlaced"));

        assertThat(event.id()).isEqualTo(UUID.fromString(ID));
        assertThat(event.type()).isEqualTo("OrderPlaced");
        assertThat(event.position()).isEmpty();
    }

    @Test
    void returnsNoPayloadForATombstone() throws Exception {
        Event event = event(null, Map.of());

        assertThat(event.isTombstone()).isTrue();
        assertThat(event.bytes()).isEmpty();
        assertThat(event.json().isMissingNode()).isTrue();
    }

    @Test
    void namesTheMissingHeaderAndTheRecord() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> event(new byte[0], Map.of()).id())
                .withMessageContaining("no header 'id'")
                .withMessageContaining("outbox.order-2@17");
    }

    /** An example of a user's class, for binding. */
    record Order(BigDecimal total, Object any, JsonNode node) {}

    @ParameterizedTest
    @ValueSource(strings = {"99999999999999.99", "12.50", "0.1000000000000000055511151231257827", "1E-400", "-0.00"})
    void keepsEveryDigitOfDecimals(String number) throws Exception {
        BigDecimal expected = new BigDecimal(number);
        Event event = event(
                ("{\"total\":" + number + ",\"any\":" + number + ",\"node\":{\"n\":" + number + "}}")
                        .getBytes(StandardCharsets.UTF_8),
                Map.of());

        assertThat(event.json().required("total").decimalValue()).isEqualTo(expected);
        Order order = event.json(Order.class);
        assertThat(order.total()).isEqualTo(expected);
        assertThat(order.any()).isEqualTo(expected);
        assertThat(order.node().required("n").decimalValue()).isEqualTo(expected);
        assertThat(event.json(Map.class).get("any")).isEqualTo(expected);
    }
}
