// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.publish.PublishFailure;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Events that a replay leaves out, and its message when it aborts. */
class ReplayRefusalsIT {

    private TestSource source;
    private String topic;

    @BeforeEach
    void create() throws Exception {
        source = TestSource.create("refusals");
        topic = source.name() + ".again";
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    /** With one partition, so that events sent together are in one batch. */
    private void createTopic(Map<String, String> settings) throws Exception {
        try (Admin admin =
                Admin.create(Map.of("bootstrap.servers", source.servers().bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1).configs(settings)))
                    .all()
                    .get();
        }
    }

    private void awaitPublished(RunningRelay relay) throws Exception {
        Lsn nudge = Lsn.parse(source.query("select outbox.nudge()::text"));
        await("published").until(() -> relay.state().published().isAtLeast(nudge));
    }

    private Replay replay(RelayConfiguration config, Instant from) throws ReplayProblem {
        Selection selection =
                Selection.of(Optional.of(from), Optional.empty(), List.of(), Optional.empty(), Optional.empty());
        return new Replay(config, selection, Optional.of(topic), Duration.ofSeconds(20));
    }

    private Stream<String> replayed() {
        return TopicReader.readAll(source.servers(), topic).stream().map(ReadEvent::text);
    }

    private String idOf(String aggregateId) throws Exception {
        return source.query("select id from outbox.event where aggregate_id = '" + aggregateId + "'");
    }

    @Test
    void leavesOutTooLargeEventsAndContinues() throws Exception {
        createTopic(Map.of("max.message.bytes", "2000"));
        source.execute(
                "select outbox.publish('order', '1', 'Placed', 'before')",
                "select outbox.publish('order', '2', 'Placed', repeat('x', 5000))",
                "select outbox.publish('order', '1', 'Paid', 'behind')");
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            awaitPublished(relay);

            ReplaySummary summary =
                    replay(source.configuration(), Instant.EPOCH).publish("r1", OptionalInt.empty());

            assertThat(summary.topics()).containsExactly(Map.entry(topic, 2L));
            assertThat(summary.refused()).isEqualTo(1);
            assertThat(summary.reasons()).singleElement().asString().contains(idOf("2"), "RecordTooLarge");
        }
        assertThat(replayed()).containsExactly("before", "behind");
    }

    @Test
    void leavesOutDeadLettersWithAnyCurrentRoutes() throws Exception {
        TestSource strict = source.routed("{aggregateType: bad, topic: \"{name}.bad\", onPoison: dead-letter},"
                + " {aggregateType: \"*\", topic: \"{name}.{aggregateType}\"}");
        source.execute(
                "select outbox.publish('bad', '1', 'Placed', null)",
                "select outbox.publish('order', '2', 'Placed', 'good')");
        try (RunningRelay relay = RunningRelay.startAndAwait(strict.configuration())) {
            awaitPublished(relay);

            ReplaySummary counted =
                    replay(source.configuration(), Instant.EPOCH).count();
            ReplaySummary published =
                    replay(source.configuration(), Instant.EPOCH).publish("r1", OptionalInt.empty());

            assertThat(counted.topics()).containsExactly(Map.entry(topic, 1L));
            assertThat(counted.refused()).isEqualTo(1);
            assertThat(published.topics()).isEqualTo(counted.topics());
            assertThat(published.reasons()).singleElement().asString().contains(idOf("1"), "dead letter");
        }
        assertThat(replayed()).containsExactly("good");
    }

    /** Kafka refuses the old event for its timestamp, and the new one because it is in the same batch. */
    @Test
    void reportsWhereToContinueWhenItAborts() throws Exception {
        createTopic(Map.of("message.timestamp.before.max.ms", "3600000"));
        source.execute(
                "insert into outbox.event (aggregate_type, aggregate_id, event_type, payload, created_at)"
                        + " values ('order', '1', 'Placed', 'old', now() - interval '2 hours')",
                "select outbox.publish('order', '2', 'Placed', 'young')");
        Instant young = Instant.parse(source.query("select to_char(created_at at time zone 'UTC',"
                + " 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') from outbox.event where aggregate_id = '2'"));
        RelayConfiguration inOneBatch = ConfigurationFile.read(Files.writeString(
                source.dir().resolve("batch.yml"),
                Files.readString(source.configFile())
                        .replace("kafka:\n", "kafka:\n  properties: {linger.ms: \"3000\"}\n")));
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            awaitPublished(relay);

            assertThatThrownBy(() -> replay(inOneBatch, Instant.EPOCH).publish("r1", OptionalInt.empty()))
                    .isInstanceOf(PublishFailure.class)
                    .hasMessageContainingAll(
                            "replay r1 broke off with 0 events published",
                            "continue with --from " + young + ",",
                            "1 events cannot be published",
                            idOf("1"));

            assertThat(replay(source.configuration(), young)
                            .publish("r2", OptionalInt.empty())
                            .refused())
                    .isZero();
            assertThat(replay(source.configuration(), Instant.EPOCH)
                            .publish("r3", OptionalInt.of(1))
                            .refused())
                    .isEqualTo(1);
        }
        assertThat(replayed()).containsExactly("young", "young");
    }
}
