// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.it.harness.CommandRun;
import io.tidemark.it.harness.GroupConsumer;
import io.tidemark.it.harness.OpenApi;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OwnTopics;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code GET /v1/events/{id}}: where one event is, in usual and unusual places. */
class ExplainEventIT {

    /** Neither route allows an event without payload. */
    private static final String ROUTES = "{aggregateType: bad, topic: \"{name}.bad\", onPoison: dead-letter},"
            + " {aggregateType: \"*\", topic: \"{name}.{aggregateType}\", onPoison: halt}";

    private TestSource source;

    @BeforeEach
    void create() throws Exception {
        source = TestSource.create("explain").routed(ROUTES);
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    private String publish(String type, String aggregateId, String payload) throws Exception {
        return source.query("select outbox.publish('" + type + "', '" + aggregateId + "', 't', " + payload + ")");
    }

    /** A transactional producer of another program. */
    private KafkaProducer<byte[], byte[]> otherProducer() {
        return new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers",
                        source.servers().bootstrapServers(),
                        "transactional.id",
                        source.name() + "-other"),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    private static JsonNode explain(RelayProcess relay, String id) throws Exception {
        return OpenApi.of(relay).hold(relay.get("/v1/events/" + id), "EventExplanation");
    }

    private static void awaitStage(RelayProcess relay, String id, String stage) {
        await(stage).until(() -> explain(relay, id).path("stage").asText().equals(stage));
    }

    @Test
    void followsAnEventFromItsTopicToItsConsumersAndItsEnd() throws Exception {
        try (RelayProcess relay = RelayProcess.start(source).awaitRunning()) {
            String earlier = publish("order", "1", "'x'");
            String id = publish("order", "1", "'y'");
            awaitStage(relay, id, "published");
            await().until(() -> relay.send("/v1/projections").statusCode() == 200);

            JsonNode published = explain(relay, id);

            assertThat(published.path("row").path("aggregateId").asText()).isEqualTo("1");
            assertThat(published.path("record").path("topic").asText()).isEqualTo(source.topic("order"));
            assertThat(published.path("record").path("offset").asLong())
                    .isGreaterThan(explain(relay, earlier)
                            .path("record")
                            .path("offset")
                            .asLong());
            assertThat(published.path("publishedAt").asText()).startsWith("20");
            assertThat(published.path("projections").path(0).path("consumed").asBoolean())
                    .isFalse();
            try (GroupConsumer group = GroupConsumer.start(source, 0)) {
                String asked = "/v1/projections/view/watermark?strict=false&wait=20s&token="
                        + published.path("token").asText();
                assertThat(relay.get(asked).path("status").asText()).isEqualTo("success");
                assertThat(explain(relay, id)
                                .path("projections")
                                .path(0)
                                .path("consumed")
                                .asBoolean())
                        .isTrue();
            }

            source.execute("delete from outbox.event");
            assertThat(relay.send("/v1/events/" + id).statusCode()).isEqualTo(404);
            String there = id + "?topic=" + source.topic("order");
            JsonNode withoutRow = explain(relay, there + "&since=2026-01-01T00:00:00Z");
            assertThat(withoutRow.path("row").isNull()).isTrue();
            assertThat(withoutRow.path("record")).isEqualTo(published.path("record"));
            assertThat(withoutRow.path("projections").path(0).path("consumed").asBoolean())
                    .isTrue();
            assertThat(relay.send("/v1/events/" + there + "&since=2999-01-01T00:00:00Z")
                            .statusCode())
                    .isEqualTo(404);
        }
    }

    @Test
    void findsAnEventWithoutARowInTheGivenTopic() throws Exception {
        try (RelayProcess relay = RelayProcess.start(source).awaitRunning()) {
            String id = source.query("select outbox.emit('order', '1', 't', 'x')");
            await("published")
                    .until(() -> TopicReader.readAll(source.servers(), source.topic("order"))
                                    .size()
                            == 1);

            assertThat(relay.send("/v1/events/" + id).statusCode()).isEqualTo(404);
            assertThat(explain(relay, id + "?topic=" + source.topic("order"))
                            .path("stage")
                            .asText())
                    .isEqualTo("published");
            assertThat(relay.send("/v1/events/" + id + "?topic=" + source.topic("customer"))
                            .statusCode())
                    .isEqualTo(404);
            assertThat(relay.send("/v1/events/" + id + "?topic=a%20b").body()).contains("is not a topic name");
            assertThat(relay.send("/v1/events/" + id + "?since=now").body()).contains("only with topic");
            CommandRun command =
                    CommandRun.of("explain", "--url", relay.url().toString(), "--topic", source.topic("order"), id);
            assertThat(command.exitCode()).as(command.output()).isZero();
            assertThat(command.output()).contains(source.topic("order"));
        }
    }

    @Test
    void returnsExpiredForAnEventThatKafkaNoLongerHas() throws Exception {
        try (RelayProcess relay = RelayProcess.start(source).awaitRunning()) {
            String id = publish("order", "1", "'x'");
            awaitStage(relay, id, "published");

            deleteRecords();

            assertThat(explain(relay, id).path("stage").asText()).isEqualTo("expired");
        }
    }

    private void deleteRecords() throws Exception {
        try (Admin admin =
                Admin.create(Map.of("bootstrap.servers", source.servers().bootstrapServers()))) {
            admin.deleteRecords(IntStream.range(0, 3)
                            .boxed()
                            .collect(Collectors.toMap(
                                    partition -> new TopicPartition(source.topic("order"), partition),
                                    partition -> RecordsToDelete.beforeOffset(-1))))
                    .all()
                    .get();
        }
    }

    @Test
    void returnsWhyAnEventWaitsForAHaltedRelay() throws Exception {
        try (RelayProcess relay = RelayProcess.start(source).awaitRunning()) {
            String before = publish("order", "1", "'x'");
            awaitStage(relay, before, "published");
            String poison = publish("order", "1", "null");
            String behind = publish("order", "2", "'x'");
            relay.awaitState("halted");
            assertThat(relay.isHealthy()).isFalse();
            assertThat(relay.readiness().statusCode()).as("it has answers").isEqualTo(200);

            for (String id : List.of(poison, behind)) {
                JsonNode unknown = explain(relay, id);

                assertThat(unknown.path("stage").asText()).isEqualTo("unknown");
                assertThat(unknown.path("reason").asText()).contains("whether it will still be published is unknown");
                assertThat(unknown.path("relay").path("state").asText()).isEqualTo("halted");
                assertThat(unknown.path("relay").path("reason").asText()).contains(poison, "has no payload");
            }
            source.execute("checkpoint"); // later writes are certainly above the published LSN
            assertThat(explain(relay, publish("order", "3", "'x'"))
                            .path("stage")
                            .asText())
                    .isEqualTo("written");
            assertThat(explain(relay, before).path("stage").asText()).isEqualTo("published");
        }
    }

    /** A {@code read_committed} consumer does not read past the beginning of an open transaction. */
    @Test
    void doesNotReturnExpiredForAnEventBehindAnOpenTransaction() throws Exception {
        try (RelayProcess relay = RelayProcess.start(source).awaitRunning();
                KafkaProducer<byte[], byte[]> other = otherProducer()) {
            awaitStage(relay, publish("order", "1", "'x'"), "published");
            other.initTransactions();
            other.beginTransaction();
            for (int partition = 0; partition < 3; partition++) {
                other.send(new ProducerRecord<>(source.topic("order"), partition, null, new byte[1]))
                        .get();
            }
            String id = publish("order", "1", "'y'");
            Lsn nudge = Lsn.parse(source.query("select outbox.nudge()::text"));
            await().until(() -> relay.published().isAtLeast(nudge));

            JsonNode hidden = explain(relay, id);

            assertThat(hidden.path("stage").asText()).isEqualTo("unknown");
            assertThat(hidden.path("reason").asText()).contains("could not be read to its end in time");
            other.abortTransaction();
            awaitStage(relay, id, "published");
        }
    }

    @Test
    void findsADeadLetter() throws Exception {
        try (RelayProcess relay = RelayProcess.start(source).awaitRunning()) {
            String id = publish("bad", "1", "null");

            awaitStage(relay, id, "dead-letter");

            JsonNode letter = explain(relay, id).path("deadLetter");
            assertThat(letter.path("reason").asText()).contains("tombstones");
            assertThat(letter.path("topic").asText()).isEqualTo(source.name() + ".bad");
            assertThat(relay.output())
                    .as("nothing has to be changed for it")
                    .contains("event=dead-letters")
                    .doesNotContain("restart the relay");
        }
    }

    /** Another producer's open transaction hides the end of the topic. Reading on would hold a thread for 90 s. */
    @Test
    void doesNotReadDeadLettersWithoutEndForAnUnknownEvent() throws Exception {
        try (RelayProcess relay = RelayProcess.start(source).awaitRunning();
                KafkaProducer<byte[], byte[]> other = otherProducer()) {
            awaitStage(relay, publish("bad", "1", "null"), "dead-letter"); // so the topic exists
            other.initTransactions();
            other.beginTransaction();
            other.send(new ProducerRecord<>(OwnTopics.DEAD_LETTERS, new byte[1], new byte[1]))
                    .get();

            JsonNode unknown = explain(relay, "00000000-0000-0000-0000-000000000001");

            assertThat(unknown.path("stage").asText()).isEqualTo("unknown");
            assertThat(unknown.path("reason").asText())
                    .contains(OwnTopics.DEAD_LETTERS + " could not be read to its end in time");
            other.abortTransaction();
        }
    }

    /** Hidden rows would be reported as events that were never committed. */
    @Test
    void returnsAnErrorWhereRowLevelSecurityHidesTheRow() throws Exception {
        source.execute("create role " + source.name()
                + " login replication password 'x' in role tidemark_relay, outbox_writer");
        try (RelayProcess relay = RelayProcess.startEdited(
                        source,
                        source.servers(),
                        RelayProcess.Launch.PLAIN,
                        yaml -> yaml.replace(
                                "user: " + source.servers().user() + ", password: \""
                                        + source.servers().password() + "\"",
                                "user: " + source.name() + ", password: x"))
                .awaitRunning()) {
            String id = publish("order", "1", "'x'");
            awaitStage(relay, id, "published");
            source.execute("alter table outbox.event enable row level security");

            HttpResponse<String> hidden = relay.send("/v1/events/" + id);

            assertThat(hidden.statusCode()).as(hidden.body()).isEqualTo(503);
            assertThat(hidden.body()).contains("row-level security");
        } finally {
            source.execute("drop owned by " + source.name(), "drop role " + source.name());
        }
    }
}
