// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.WatermarkEvidence;
import io.tidemark.it.guarantee.WatermarkEvidence.Success;
import io.tidemark.it.harness.GroupConsumer;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.it.harness.Workload;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.Tokens;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.relay.group.PartitionNeed;
import io.tidemark.relay.watermark.Answer;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The watermark returns {@code success} soon, but never too early. */
class WatermarkIT {

    private TestSource source;
    private final OutboxWriter writer = new OutboxWriter();

    @BeforeEach
    void create() throws Exception {
        source = TestSource.create("watermark");
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    /** The current relay; it is restarted meanwhile. */
    private static final class Current {
        volatile RunningRelay relay;

        Current(RunningRelay relay) {
            this.relay = relay;
        }
    }

    private record Written(String eventId, Token token) {}

    private Written write(Connection connection, String aggregateId) throws Exception {
        connection.setAutoCommit(false);
        String id = writer.publish(connection, OutboxEvent.of("order", aggregateId, "t", "x"))
                .toString();
        try (Statement audit = connection.createStatement()) {
            audit.execute(
                    "insert into audit.entry (event_id, aggregate_id) values ('" + id + "', '" + aggregateId + "')");
        }
        connection.commit();
        Token token = Tokens.current(connection);
        connection.commit();
        return new Written(id, token);
    }

    private static Answer ask(RunningRelay relay, Token token, long waitMillis) throws Exception {
        return relay.relay().watermarks().ask("view", token, waitMillis).get(60, TimeUnit.SECONDS);
    }

    @Test
    void isSoundUnderConcurrentWritersASlowGroupRestartsAndNewPartitions() throws Exception {
        ConcurrentLinkedQueue<Success> successes = new ConcurrentLinkedQueue<>();
        Current current = new Current(RunningRelay.startAndAwait(source.configuration()));
        ExecutorService askers = Executors.newFixedThreadPool(4);
        try (GroupConsumer group = GroupConsumer.start(source, 60);
                Workload workload = Workload.start(source, 7, 1, 60)) {
            List<Future<?>> asking = new ArrayList<>();
            AtomicBoolean restarting = new AtomicBoolean(true);
            for (int asker = 0; asker < 4; asker++) {
                String aggregate = "asker-" + asker;
                asking.add(askers.submit(() -> {
                    try (Connection connection = source.connect()) {
                        for (int own = 0; own < 10 || restarting.get(); ) {
                            Written written = write(connection, aggregate);
                            if (ask(current.relay, written.token(), 5_000) instanceof Answer.Success) {
                                Lsn lsn = written.token().parts().get(0).lsn();
                                successes.add(new Success(lsn, Optional.of(written.eventId()), System.nanoTime()));
                                own++;
                            }
                        }
                    }
                    return null;
                }));
            }
            for (int restart = 0; restart < 2; restart++) {
                int before = successes.size();
                await().until(() -> successes.size() >= before + 10);
                current.relay.cutOff();
                addPartition(); // an aggregate moves to another partition, which the group does not know yet
                current.relay = RunningRelay.start(source.configuration());
            }
            restarting.set(false);
            for (Future<?> asker : asking) {
                asker.get(180, TimeUnit.SECONDS);
            }
            workload.close();

            new WatermarkEvidence(source.committedEvents(), group.processedNanos(), List.copyOf(successes), List.of())
                    .check();
        } finally {
            askers.shutdownNow();
            current.relay.close();
        }
    }

    private void addPartition() throws Exception {
        try (Admin admin = Admin.create(Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, source.servers().bootstrapServers()))) {
            String topic = source.topic("order");
            for (TopicDescription now :
                    admin.describeTopics(List.of(topic)).allTopicNames().get().values()) {
                admin.createPartitions(Map.of(
                                topic, NewPartitions.increaseTo(now.partitions().size() + 1)))
                        .all()
                        .get();
            }
        }
    }

    @Test
    void answersOnAnIdleDatabase() throws Exception {
        source.makeTopic("order");
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration());
                GroupConsumer group = GroupConsumer.start(source, 0);
                Connection connection = source.connect()) {
            group.awaitAssigned();
            for (int i = 0; i < 20; i++) {
                source.execute("insert into audit.entry (event_id, aggregate_id) values (gen_random_uuid(), 'x')");
                Token token = Tokens.current(connection); // beyond all WAL of the outbox

                Answer answer = ask(relay, token, 10_000);

                assertThat(answer).isInstanceOf(Answer.Success.class);
            }
        }
    }

    /** Whoever has ever seen a token can make one that is ahead; it must cost the database nothing. */
    @Test
    void writesNoNudgeForTokensThatAreAhead() throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            Token ahead = Token.of(source.sourceId(), 1, Lsn.parse("FFFF/0"));
            int before = nudges();

            for (int i = 0; i < 30; i++) {
                assertThat(ask(relay, ahead, 5_000).status()).isEqualTo(WatermarkStatus.AHEAD);
                assertThat(ask(relay, ahead, 0).status()).isEqualTo(WatermarkStatus.AHEAD);
            }

            assertThat(nudges() - before).as("nudges, but for the relay's own").isLessThan(10);
        }
    }

    private int nudges() throws Exception {
        return Integer.parseInt(source.query("select count(*) from pg_logical_slot_peek_changes('" + source.name()
                + "_truth', null, null) where data like '%tidemark.nudge%'"));
    }

    @Test
    void answersOnAnIdleDatabaseThatHasEndedTheSessionOfTheNudges() throws Exception {
        source.makeTopic("order");
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration());
                GroupConsumer group = GroupConsumer.start(source, 0);
                Connection connection = source.connect()) {
            group.awaitAssigned();
            for (int i = 0; i < 3; i++) {
                source.execute(
                        "insert into audit.entry (event_id, aggregate_id) values (gen_random_uuid(), 'x')",
                        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                                + " where application_name = 'tidemark nudge' and datname = current_database()");

                assertThat(ask(relay, Tokens.current(connection), 6_000)).isInstanceOf(Answer.Success.class);
            }
        }
    }

    @Test
    void returnsWhereTheGroupIsBehindAndSuccessWhenItCommits() throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration());
                Connection connection = source.connect()) {
            Written written = write(connection, "one");
            Answer behind = ask(relay, written.token(), 3_000);
            assertThat(behind).isInstanceOfSatisfying(Answer.ProjectionBehind.class, answer -> {
                assertThat(answer.behind()).singleElement().satisfies(partition -> {
                    assertThat(partition.topic()).isEqualTo(source.topic("order"));
                    assertThat(partition.need()).isEqualTo(1);
                    assertThat(partition.have()).isZero();
                });
                assertThat(answer.waitedMillis()).isBetween(2_900L, 8_000L);
            });

            var parked = relay.relay().watermarks().ask("view", written.token(), 30_000);
            PartitionNeed partition =
                    ((Answer.ProjectionBehind) behind).behind().get(0);
            commit(partition.partition(), partition.need());

            assertThat(parked.get(20, TimeUnit.SECONDS)).isInstanceOf(Answer.Success.class);
        }
    }

    private void commit(int partition, long offset) {
        Map<String, Object> config = Map.of(ConsumerConfig.GROUP_ID_CONFIG, source.name() + "-view");
        try (KafkaConsumer<byte[], byte[]> consumer = TopicReader.consumer(source.servers(), config)) {
            consumer.commitSync(
                    Map.of(new TopicPartition(source.topic("order"), partition), new OffsetAndMetadata(offset)));
        }
    }

    /**
     * Partitions end with transaction markers, which are not in the offsets of a group that commits record by record.
     */
    @Test
    void needsRecordsInsteadOfTheEndOfTheLogAfterARestart() throws Exception {
        try (Connection connection = source.connect()) {
            Written last;
            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
                for (int i = 0; i < 10; i++) {
                    write(connection, "agg-" + i);
                }
                last = write(connection, "last");
                assertThat(ask(relay, last.token(), 0)).isNotInstanceOf(Answer.Success.class); // it nudges
                await().until(() -> relay.state()
                        .published()
                        .isAtLeast(last.token().parts().get(0).lsn()));
            }
            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
                assertThat(ask(relay, last.token(), 0)).isInstanceOf(Answer.ProjectionBehind.class);

                try (GroupConsumer group = GroupConsumer.start(source, 0)) {
                    assertThat(ask(relay, last.token(), 30_000)).isInstanceOf(Answer.Success.class);
                    assertThat(group.processed()).isEqualTo(11);
                }
            }
        }
    }

    /** An event that a group has not read is not consumed, even if it has expired. */
    @Test
    void needsExpiredRecordsAfterARestart() throws Exception {
        Map<String, Object> config =
                Map.of("bootstrap.servers", source.servers().bootstrapServers());
        try (Connection connection = source.connect();
                Admin admin = Admin.create(config)) {
            Written last;
            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
                last = write(connection, "one");
                assertThat(ask(relay, last.token(), 0)).isNotInstanceOf(Answer.Success.class); // it nudges
                await().until(() -> relay.state()
                        .published()
                        .isAtLeast(last.token().parts().get(0).lsn()));
            }
            Map<TopicPartition, RecordsToDelete> all = new HashMap<>();
            for (int partition = 0; partition < 3; partition++) {
                all.put(new TopicPartition(source.topic("order"), partition), RecordsToDelete.beforeOffset(-1));
            }
            admin.deleteRecords(all).all().get(30, TimeUnit.SECONDS);

            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
                assertThat(ask(relay, last.token(), 0))
                        .as("of a group that Kafka does not know")
                        .isInstanceOf(Answer.Refused.class);
                commit(0, 0);
                commit(1, 0);
                commit(2, 0);
                assertThat(ask(relay, last.token(), 0)).isNotInstanceOf(Answer.Success.class);
            }
        }
    }

    @Test
    void needsNothingOfATopicWithoutEvents() throws Exception {
        source.makeTopic("order");
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration());
                GroupConsumer group = GroupConsumer.start(source, 0);
                Connection connection = source.connect()) {
            group.awaitAssigned();
            connection.setAutoCommit(false);
            writer.publish(connection, OutboxEvent.of("other", "1", "t", "x"));
            connection.commit();

            Answer answer = ask(relay, Tokens.current(connection), 10_000);

            assertThat(answer).isInstanceOf(Answer.Success.class);
        }
    }

    @Test
    void distinguishesTokensThatCannotBeAnswered() throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            String id = source.sourceId();

            assertThat(ask(relay, Token.of("ffffffff", 1, Lsn.ZERO), 10_000).status())
                    .isEqualTo(WatermarkStatus.FOREIGN);
            assertThat(ask(relay, Token.of(id, 2, Lsn.ZERO), 10_000).status()).isEqualTo(WatermarkStatus.UNKNOWN);
            assertThat(ask(relay, Token.of(id, 1, Lsn.parse("FFFFFF/0")), 10_000))
                    .isInstanceOf(Answer.Ahead.class);
            assertThat(ask(relay, Token.of(id, 1, Lsn.parse("FFFFFF/0")), 0)).isInstanceOf(Answer.Ahead.class);
        }
    }

    @Test
    void rejectsWaitsAboveTheMaximum() throws Exception {
        try (RunningRelay relay =
                        RunningRelay.startAndAwait(source.configuration("watermark: {maxWaiters: 2, maxWait: 3s}"));
                Connection connection = source.connect()) {
            Token token = write(connection, "one").token();
            await("the event in Kafka").until(() -> ask(relay, token, 1) instanceof Answer.ProjectionBehind);
            var first = relay.relay().watermarks().ask("view", token, 60_000);
            var second = relay.relay().watermarks().ask("view", token, 60_000);

            Answer third = ask(relay, token, 60_000);

            assertThat(third).isInstanceOf(Answer.TooManyWaiters.class);
            // limited by maxWait
            assertThat(first.get(20, TimeUnit.SECONDS)).isInstanceOf(Answer.ProjectionBehind.class);
            assertThat(second.get(20, TimeUnit.SECONDS)).isInstanceOf(Answer.ProjectionBehind.class);
            assertThat(ask(relay, token, 1)).isInstanceOf(Answer.ProjectionBehind.class);
        }
    }

    /** A projection without consumers must not use up the waits of others. */
    @Test
    void limitsTheWaitsOfOneProjection() throws Exception {
        String other = "  - {name: other, topics: [" + source.topic("order") + "]}";
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration(
                        other, "watermark: {maxWaiters: 10, maxWaitersPerProjection: 1, maxWait: 3s}"));
                Connection connection = source.connect()) {
            Token token = write(connection, "one").token();
            var first = relay.relay().watermarks().ask("view", token, 60_000);

            assertThat(ask(relay, token, 60_000))
                    .isEqualTo(new Answer.TooManyWaiters(1, "watermark.maxWaitersPerProjection"));
            assertThat(ask(relay, token, 0)).as("it does not wait").isNotInstanceOf(Answer.TooManyWaiters.class);

            assertThat(relay.relay().watermarks().ask("other", token, 60_000).get(20, TimeUnit.SECONDS))
                    .isInstanceOf(Answer.ProjectionBehind.class);
            assertThat(first.get(20, TimeUnit.SECONDS)).isInstanceOf(Answer.ProjectionBehind.class);
            assertThat(ask(relay, token, 1)).isInstanceOf(Answer.ProjectionBehind.class);
        }
    }

    @Test
    void answersAllWaitsOnShutdown() throws Exception {
        RunningRelay relay = RunningRelay.startAndAwait(source.configuration());
        try (Connection connection = source.connect()) {
            var parked = relay.relay()
                    .watermarks()
                    .ask("view", write(connection, "one").token(), 30_000);

            relay.close();

            assertThat(parked.get(5, TimeUnit.SECONDS)).isInstanceOf(Answer.Unavailable.class);
        }
    }
}
