// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.DeadLetterEvidence;
import io.tidemark.it.guarantee.Evidence;
import io.tidemark.it.harness.PoisonSource;
import io.tidemark.it.harness.PoisonSource.Row;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.DeadLetters;
import io.tidemark.outbox.EventHeaders;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.health.RelayState.Phase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An event that cannot be published becomes a dead letter, exactly once. All other events are published, once and in
 * order.
 */
class DeadLettersIT {

    private final Random random = new Random(7);
    private PoisonSource source;

    @BeforeEach
    void create() throws Exception {
        source = PoisonSource.create("deadletter");
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    private Row good() {
        return Row.good(random);
    }

    private List<Row> rows(int count, Function<Random, Row> kind) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            rows.add(kind.apply(random));
        }
        return rows;
    }

    private ReadEvent deadLetterOf(Row row) throws Exception {
        return source.deadLetters().stream()
                .filter(letter -> letter.id().equals(row.id()))
                .findFirst()
                .orElseThrow();
    }

    private DeadLetterEvidence check(RunningRelay relay) throws Exception {
        DeadLetterEvidence evidence = DeadLetterEvidence.gather(source);
        evidence.check(source.poison(), relay.state().toString());
        return evidence;
    }

    @Test
    void keepsTheIntendedEventAndTheReason() throws Exception {
        Row empty = Row.withoutPayload(random);
        Row large = Row.tooLarge(random);
        source.commit(good(), empty, large, good());
        Instant before = Instant.now();

        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration("dead-letter"))) {
            check(relay);

            assertThat(relay.relay().state().deadLettersWritten()).isEqualTo(2);
        }
        ReadEvent ofEmpty = deadLetterOf(empty);
        ReadEvent ofLarge = deadLetterOf(large);
        assertThat(ofLarge.text()).isEqualTo(large.payload());
        assertThat(ofLarge.key())
                .isEqualTo(source.source().sourceId() + "/" + large.id() + "/" + ofLarge.header(EventHeaders.POSITION));
        assertThat(ofLarge.headers())
                .containsEntry(EventHeaders.ID, large.id())
                .containsEntry(EventHeaders.TYPE, "changed")
                .containsEntry("tenant", "t1")
                .containsEntry(EventHeaders.SOURCE, source.source().sourceId())
                .containsEntry(DeadLetters.INTENDED_TOPIC, source.topic())
                .containsEntry(DeadLetters.INTENDED_KEY, large.aggregateId())
                .containsEntry(DeadLetters.AGGREGATE_TYPE, "order")
                .doesNotContainKey(DeadLetters.NULL_PAYLOAD);
        assertThat(ofLarge.header(DeadLetters.REASON)).contains("is refused by Kafka", "RecordTooLargeException");
        assertThat(Instant.parse(ofLarge.header(DeadLetters.TIME))).isAfter(before);
        assertThat(ofLarge.timestampMillis())
                .isEqualTo(Long.parseLong(source.source()
                        .query("select (extract(epoch from date_trunc('milliseconds', created_at)) * 1000)::bigint"
                                + " from outbox.event where id = '" + large.id() + "'")));
        assertThat(ofEmpty.value()).isEmpty();
        assertThat(ofEmpty.headers()).containsEntry(DeadLetters.NULL_PAYLOAD, "true");
        assertThat(ofEmpty.header(DeadLetters.REASON))
                .isEqualTo("has no payload, and its route does not allow tombstones");
    }

    @Test
    void publishesTheRestOfABatchWithARefusedEvent() throws Exception {
        for (int i = 0; i < 60; i++) { // before the relay starts, so that they are one batch
            source.commit(rows(1 + random.nextInt(10), Row::any));
        }
        source.commit(Row.tooLarge(random));
        source.commit(rows(30, Row::tooLarge));
        source.commit(rows(200, Row::good));

        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration("dead-letter"))) {
            check(relay);
            assertThat(source.poison()).hasSizeGreaterThan(35);
        }
        try (RunningRelay again = RunningRelay.startAndAwait(source.configuration("dead-letter"))) {
            source.commit(good(), Row.tooLarge(random));
            check(again);
        }
    }

    /** Kafka's client fails all unsent records with the error of the refused record. */
    @Test
    void doesNotDeadLetterEventsBehindARefusedOne() throws Exception {
        List<Row> rows = rows(100, Row::good);
        rows.add(Row.tooLarge(random));
        for (int i = 0; i < 800; i++) { // more than the client sends in one request
            Row small = good();
            rows.add(new Row(small.id(), small.aggregateId(), "x".repeat(18_000)));
        }
        source.commit(rows);

        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration("dead-letter"))) {
            check(relay);
        }
    }

    @Test
    void deadLettersAnEventThatTheProducerRefuses() throws Exception {
        source.takes(source.topic(), 1024 * 1024);
        String properties = "max.request.size: \"20000\"";
        Path file = source.configFile("dead-letter");
        Files.writeString(
                file,
                Files.readString(file)
                        .replace("  topics: {partitions", "  properties: {" + properties + "}\n  topics: {partitions"));
        assertThat(file).content().contains(properties);
        source.commit(good(), Row.tooLarge(random), good());

        try (RunningRelay relay = RunningRelay.startAndAwait(ConfigurationFile.read(file))) {
            source.commit(rows(50, Row::any));

            check(relay);
        }
        assertThat(source.deadLetters())
                .filteredOn(letter -> letter.value() != null && letter.value().length > 0)
                .allSatisfy(
                        letter -> assertThat(letter.header(DeadLetters.REASON)).contains("max.request.size is 20000"))
                .isNotEmpty();
    }

    @Test
    void publishesASplitTransactionExceptItsPoison(@TempDir Path spill) throws Exception {
        source.commit(rows(3, Row::any));
        source.commit(rows(2000, Row::any));
        source.commit(rows(3, Row::any));
        String limits = "limits: {transactionBytes: 128KiB, batchEvents: 100, spillDirectory: " + spill + "}";

        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration("dead-letter", limits))) {
            DeadLetterEvidence evidence = check(relay);

            assertThat(evidence.deadLetters())
                    .anySatisfy(letter -> assertThat(letter.headers()).containsKey(EventHeaders.SPLIT));
        }
    }

    @Test
    void deadLettersAnEventWithAnIllegalTopic() throws Exception {
        Path file = source.configFile("dead-letter");
        String prefix = "p".repeat(100);
        Files.writeString(file, Files.readString(file).replace(source.source().name() + ".{agg", prefix + "{agg"));
        String type = "t".repeat(150);
        source.source()
                .execute("insert into outbox.event (aggregate_type, aggregate_id, event_type, payload) values ('" + type
                        + "', 'a', 'changed', 'x')");

        try (RunningRelay relay = RunningRelay.startAndAwait(ConfigurationFile.read(file))) {
            await().until(() -> !source.deadLetters().isEmpty());

            assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
        }
        assertThat(source.deadLetters())
                .singleElement()
                .satisfies(letter -> assertThat(letter.headers())
                        .containsEntry(DeadLetters.INTENDED_TOPIC, prefix + type)
                        .containsEntry(DeadLetters.AGGREGATE_TYPE, type));
    }

    @Test
    void haltsAtARefusedEventIfTheRouteHaltsAndLosesNothing() throws Exception {
        Row large = Row.tooLarge(random);
        source.commit(good());
        source.commit(good(), large, good());
        source.commit(good());

        try (RunningRelay relay = RunningRelay.start(source.configuration("halt"))) {
            assertThat(relay.awaitPhase(Phase.HALTED).reason())
                    .contains("event " + large.id(), "RecordTooLargeException", source.topic());
        }
        assertThat(TopicReader.readAll(
                        source.source().servers(), source.source().name() + "."))
                .as("events committed before")
                .hasSize(1);
        assertThat(source.deadLetters()).isEmpty();
        source.takes(source.topic(), 1024 * 1024);

        try (RunningRelay mended = RunningRelay.startAndAwait(source.configuration("halt"))) {
            Evidence.gather(source.source()).check(mended.state().toString());
        }
    }

    @Test
    void haltsWhenKafkaRefusesPartOfATransaction() throws Exception {
        source.commit(good());
        source.commit(rows(120, Row::tooLarge));

        try (RunningRelay relay = RunningRelay.start(source.configuration("dead-letter"))) {
            assertThat(relay.awaitPhase(Phase.HALTED).reason())
                    .contains("refused more than 100 events of the transaction committed at");
        }
        assertThat(source.deadLetters()).isEmpty();
        source.takes(source.topic(), 1024 * 1024);

        try (RunningRelay mended = RunningRelay.startAndAwait(source.configuration("dead-letter"))) {
            Evidence.gather(source.source()).check(mended.state().toString());
        }
    }

    @Test
    void haltsWhenTheDeadLetterCannotBeWritten() throws Exception {
        source.commit(good(), Row.withoutPayload(random));
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration("dead-letter"))) {
            check(relay); // this also creates the topic
        }
        source.takes(OwnTopics.DEAD_LETTERS, 5_000);
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration("dead-letter"))) {
            source.commit(good(), Row.tooLarge(random), good());

            assertThat(relay.awaitPhase(Phase.HALTED).reason())
                    .contains(
                            "the dead letter of the event at",
                            "raise max.message.bytes of topic " + OwnTopics.DEAD_LETTERS);
        } finally {
            source.takes(OwnTopics.DEAD_LETTERS, 4 * 1024 * 1024);
        }

        try (RunningRelay mended = RunningRelay.startAndAwait(source.configuration("dead-letter"))) {
            check(mended);
        }
    }
}
