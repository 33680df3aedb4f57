// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The Kafka record of an outbox row: topic, key, value, headers and timestamp, byte for byte. */
class PublishedEventsIT {

    private static TestSource source;
    private static RunningRelay relay;
    private final OutboxWriter writer = new OutboxWriter();

    @BeforeAll
    static void start() throws Exception {
        source = TestSource.create("published");
        relay = RunningRelay.startAndAwait(source.configuration());
    }

    @AfterAll
    static void stop() throws Exception {
        relay.close();
        source.close();
    }

    private ReadEvent publish(OutboxEvent event) throws Exception {
        String id;
        try (Connection connection = source.connect()) {
            connection.setAutoCommit(false);
            id = writer.publish(connection, event).toString();
            connection.commit();
        }
        return await(id);
    }

    private static ReadEvent await(String id) {
        List<ReadEvent> read = TopicReader.readUntil(
                source.servers(),
                source.name() + ".",
                events -> events.stream().anyMatch(event -> event.id().equals(id)));
        return read.stream().filter(event -> event.id().equals(id)).findFirst().orElseThrow();
    }

    @Test
    void hasEveryField() throws Exception {
        ReadEvent event = publish(OutboxEvent.of("order", "42", "OrderPlaced", "{\"total\":  12.50}")
                .withContentType("application/json")
                .withHeaders(Map.of("tenant", "übermäßig 😀"))
                .withTrace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "vendor=1,other=2"));

        assertThat(event.topic()).isEqualTo(source.topic("order"));
        assertThat(event.key()).isEqualTo("42");
        assertThat(event.text()).isEqualTo("{\"total\":  12.50}");
        assertThat(event.headers().keySet())
                .containsExactly(
                        "id",
                        "type",
                        "content-type",
                        "tidemark-source",
                        "tidemark-position",
                        "traceparent",
                        "tracestate",
                        "tenant");
        assertThat(event.header("type")).isEqualTo("OrderPlaced");
        assertThat(event.header("content-type")).isEqualTo("application/json");
        assertThat(event.header("tidemark-source")).isEqualTo(source.sourceId());
        assertThat(event.header("traceparent")).isEqualTo("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        assertThat(event.header("tracestate")).isEqualTo("vendor=1,other=2");
        assertThat(event.header("tenant")).isEqualTo("übermäßig 😀");
        assertThat(Long.toString(event.timestampMillis()))
                .isEqualTo(source.query("select floor(extract(epoch from created_at) * 1000)::bigint from outbox.event"
                        + " where id = '" + event.id() + "'"));
    }

    @Test
    void omitsHeadersOfNullFields() throws Exception {
        ReadEvent event = publish(OutboxEvent.of("order", "1", "t", ""));

        assertThat(event.headers().keySet()).containsExactly("id", "type", "tidemark-source", "tidemark-position");
        assertThat(event.value()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain",
                "'quotes' \"double\" \\backslash\\ \\N \\. \\x41",
                "tab\tnewline\ncarriage\r",
                "ü 漢字 😀 \uFFFD \u200B \u0001",
                "NULL"
            })
    void publishesTextUnchanged(String text) throws Exception {
        ReadEvent event = publish(OutboxEvent.of("order", text.strip(), "t " + text, text));

        assertThat(event.text()).isEqualTo(text);
        assertThat(event.key()).isEqualTo(text.strip());
        assertThat(event.header("type")).isEqualTo("t " + text);
    }

    @Test
    void publishesBytesUnchanged() throws Exception {
        byte[] bytes = new byte[1024]; // not UTF-8, with every value four times
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) i;
        }

        ReadEvent event = publish(new OutboxEvent(
                "blob", "1", "t", new OutboxEvent.Bytes(bytes), "application/avro", Map.of(), null, null));

        assertThat(event.topic()).isEqualTo(source.topic("blob"));
        assertThat(event.value()).isEqualTo(bytes);
    }

    @Test
    void publishesTheLargestAllowedPayload() throws Exception {
        String large = "x".repeat(921_600);
        String id = UUID.randomUUID().toString();
        try (Connection connection = source.connect();
                PreparedStatement insert = connection.prepareStatement(
                        "insert into outbox.event (id, aggregate_type, aggregate_id, event_type, payload, headers,"
                                + " tracestate, content_type) values (?::uuid, 'order', ?, ?, ?,"
                                + " jsonb_build_object('h', repeat('y', 32000)), repeat('z', 2048), repeat('c', 255))")) {
            insert.setString(1, id);
            insert.setString(2, "k".repeat(1024));
            insert.setString(3, "e".repeat(255));
            insert.setString(4, large);
            insert.executeUpdate();
        }

        ReadEvent event = await(id);

        assertThat(event.value()).hasSize(921_600);
        assertThat(event.key()).hasSize(1024);
    }

    @Test
    void sendsATombstoneIfTheRouteAllowsIt() throws Exception {
        ReadEvent event = publish(
                new OutboxEvent("order", "gone", "Deleted", new OutboxEvent.Tombstone(), null, Map.of(), null, null));

        assertThat(event.value()).isNull();
        assertThat(event.key()).isEqualTo("gone");
    }

    @Test
    void hasTheOrdinalInTheTransactionAsPartOfThePosition() throws Exception {
        String[] ids = new String[3];
        try (Connection connection = source.connect()) {
            connection.setAutoCommit(false);
            for (int i = 0; i < ids.length; i++) {
                ids[i] = writer.publish(connection, OutboxEvent.of("order", "p", "t", "x"))
                        .toString();
            }
            connection.commit();
        }

        for (int i = 0; i < ids.length; i++) {
            ReadEvent event = await(ids[i]);
            assertThat(event.position().ordinal()).isEqualTo(i);
            assertThat(event.position().timeline()).isEqualTo(1);
        }
    }
}
