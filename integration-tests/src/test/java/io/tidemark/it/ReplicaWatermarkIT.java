// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.L2IdleTokenResolves;
import io.tidemark.it.harness.GroupConsumer;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.Tokens;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.group.PartitionNeed;
import io.tidemark.relay.health.RelayState.Phase;
import io.tidemark.relay.watermark.Answer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Watermarks of replicas that do not publish: a standby, a halted replica, and one that has just started. */
class ReplicaWatermarkIT {

    private TestSource source;

    @BeforeEach
    void create() throws Exception {
        source = TestSource.create("replica");
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    private Token write(String aggregateId) throws Exception {
        try (Connection connection = source.connect()) {
            new OutboxWriter().publish(connection, OutboxEvent.of("order", aggregateId, "t", "x"));
            return Tokens.current(connection);
        }
    }

    private static Answer ask(RunningRelay relay, Token token, long waitMillis) throws Exception {
        return relay.relay().watermarks().ask("view", token, waitMillis).get(90, TimeUnit.SECONDS);
    }

    private void commit(PartitionNeed partition) {
        Map<String, Object> config = Map.of(ConsumerConfig.GROUP_ID_CONFIG, source.name() + "-view");
        try (KafkaConsumer<byte[], byte[]> consumer = TopicReader.consumer(source.servers(), config)) {
            consumer.commitSync(Map.of(
                    new TopicPartition(partition.topic(), partition.partition()),
                    new OffsetAndMetadata(partition.need())));
        }
    }

    @Test
    void standbyAnswersOnAnIdleDatabase() throws Exception {
        try (RunningRelay active = RunningRelay.startAndAwait(source.configuration());
                RunningRelay standby = RunningRelay.start(source.configuration());
                GroupConsumer group = GroupConsumer.start(source, 0);
                Connection connection = source.connect()) {
            standby.awaitPhase(Phase.STANDBY);
            standby.awaitServing();

            assertThat(ask(standby, write("one"), 30_000)).isInstanceOf(Answer.Success.class);
            assertThat(group.processed()).isEqualTo(1);
            List<Duration> took = new ArrayList<>();
            for (int i = 0; i < 9; i++) {
                source.execute("create table unrelated" + i + " (n int)");
                Token token = Tokens.current(connection);
                long askedNanos = System.nanoTime();
                assertThat(ask(standby, token, 30_000)).isInstanceOf(Answer.Success.class);
                took.add(Duration.ofNanos(System.nanoTime() - askedNanos));
            }
            new L2IdleTokenResolves().check(took);
            assertThat(active.state().phase()).isEqualTo(Phase.RUNNING);
        }
    }

    @Test
    void standbyThatMissedEntriesDoesNotReturnSuccessTooEarly() throws Exception {
        try (RunningRelay active = RunningRelay.startAndAwait(source.configuration());
                Admin admin = Admin.create(
                        Map.of("bootstrap.servers", source.servers().bootstrapServers()))) {
            Token first = write("one");
            assertThat(ask(active, first, 3_000)).isInstanceOf(Answer.ProjectionBehind.class);
            admin.deleteRecords(Map.of(new TopicPartition("tidemark.index", 0), RecordsToDelete.beforeOffset(-1)))
                    .all()
                    .get(30, TimeUnit.SECONDS);
            try (RunningRelay standby = RunningRelay.start(source.configuration())) {
                Lsn nudge = Lsn.parse(source.query("select outbox.nudge()::text")); // its entry is not missing
                await().until(() -> active.state().published().isAtLeast(nudge));
                standby.awaitServing();

                Answer answer = ask(standby, first, 3_000);

                assertThat(answer).isInstanceOf(Answer.ProjectionBehind.class);
                try (GroupConsumer group = GroupConsumer.start(source, 0)) { // counts records, not transaction markers
                    assertThat(ask(standby, first, 30_000)).isInstanceOf(Answer.Success.class);
                    assertThat(group.processed()).isEqualTo(1);
                }
            }
        }
    }

    /** The group has consumed exactly what the first token needs. Only the earlier index shows this. */
    @Test
    void newReplicaReadsEarlierRunsWithoutLossOfPrecision() throws Exception {
        Token first;
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            first = write("one");
            Answer behind = ask(relay, first, 3_000);
            commit(((Answer.ProjectionBehind) behind).behind().get(0));
            assertThat(ask(relay, first, 30_000)).isInstanceOf(Answer.Success.class);
            Token second = write("one");
            assertThat(ask(relay, second, 3_000)).isInstanceOf(Answer.ProjectionBehind.class);
        }

        try (RunningRelay restarted = RunningRelay.startAndAwait(source.configuration())) {
            assertThat(ask(restarted, first, 0)).isInstanceOf(Answer.Success.class);
        }
    }

    @Test
    void haltedRelayStillAnswersForPublishedEvents() throws Exception {
        Path file = source.configFile();
        Files.writeString(file, Files.readString(file).replace("tombstones: true", "tombstones: false"));
        try (RunningRelay relay = RunningRelay.startAndAwait(ConfigurationFile.read(file));
                GroupConsumer group = GroupConsumer.start(source, 0)) {
            Token before = write("one");
            assertThat(ask(relay, before, 30_000)).isInstanceOf(Answer.Success.class);
            source.execute("select outbox.publish('order', 'poison', 't', null::text)");
            relay.awaitPhase(Phase.HALTED);
            Token behind = write("two");

            assertThat(ask(relay, before, 0)).isInstanceOf(Answer.Success.class);
            assertThat(ask(relay, behind, 1_000)).isInstanceOf(Answer.SourceBehind.class);
            assertThat(group.processed()).isEqualTo(1);
        }
    }

    @Test
    void answersNothingAfterTheSessionOfTheDatabaseChanged() throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            source.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name in"
                    + " ('tidemark watermark', 'tidemark control') and datname = current_database()");

            await("the session's end to be noticed")
                    .until(() -> !relay.relay().watermarks().isServing());
            relay.awaitServing();
        }
    }
}
