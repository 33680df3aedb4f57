// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.GroupConsumer;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.Tokens;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.group.GroupState;
import io.tidemark.relay.group.PartitionNeed;
import io.tidemark.relay.watermark.Answer;
import io.tidemark.relay.watermark.ProjectionStanding;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.management.ObjectName;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.internals.AsyncKafkaConsumer;
import org.apache.kafka.clients.consumer.internals.StreamsRebalanceData;
import org.apache.kafka.clients.consumer.internals.StreamsRebalanceData.Subtopology;
import org.apache.kafka.clients.consumer.internals.StreamsRebalanceListener;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Groups that make no progress: waits return immediately, with the reason. */
class GroupStatesIT {

    private static final long LONG_WAIT_MILLIS = 30_000;
    private static final int QUESTIONS = 1_000;

    private TestSource source;
    private RunningRelay relay;

    @BeforeEach
    void start() throws Exception {
        source = TestSource.create("states");
        Path file = source.configFile();
        Files.writeString(file, Files.readString(file).replace("topics: [", "stalledAfter: 2s, topics: ["));
        relay = RunningRelay.startAndAwait(ConfigurationFile.read(file));
    }

    @AfterEach
    void stop() throws Exception {
        relay.close();
        source.close();
    }

    private Token write(String aggregateId) throws Exception {
        try (Connection connection = source.connect()) {
            new OutboxWriter().publish(connection, OutboxEvent.of("order", aggregateId, "t", "x"));
            return Tokens.current(connection);
        }
    }

    private Answer ask(Token token, long waitMillis) throws Exception {
        return relay.relay().watermarks().ask("view", token, waitMillis).get(90, TimeUnit.SECONDS);
    }

    private ProjectionStanding standing() throws Exception {
        return relay.relay()
                .watermarks()
                .reports()
                .standing("view")
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
    }

    private void assertHopeless(Answer answer, GroupState state) {
        assertThat(answer).isInstanceOfSatisfying(Answer.NoProgress.class, hopeless -> {
            assertThat(hopeless.state()).isEqualTo(state);
            assertThat(hopeless.waitedMillis()).isLessThan(LONG_WAIT_MILLIS);
            assertThat(hopeless.behind()).isNotEmpty();
            assertThat(hopeless.reason()).contains("group " + source.name() + "-view");
        });
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        return TopicReader.consumer(source.servers(), Map.of(ConsumerConfig.GROUP_ID_CONFIG, source.name() + "-view"));
    }

    @Test
    void returnsStoppedForAMissingGroupOnceThereAreEvents() throws Exception {
        assertThat(standing().state()).as("no events yet").isEqualTo(GroupState.UNKNOWN);
        assertThat(standing().reason()).contains("does not exist yet");

        assertHopeless(ask(write("one"), LONG_WAIT_MILLIS), GroupState.STOPPED);

        assertThat(standing().state()).isEqualTo(GroupState.STOPPED);
        assertThat(standing().members()).isZero();
        try (GroupConsumer group = GroupConsumer.start(source, 0)) {
            await().until(() -> standing().state() == GroupState.RUNNING);
            assertThat(ask(write("two"), LONG_WAIT_MILLIS)).isInstanceOf(Answer.Success.class);
            assertThat(group.processed()).isEqualTo(2);
        }
    }

    /** As the relay's own client counts them, since it was created. */
    private static double requestsToKafka() throws Exception {
        ObjectName client = new ObjectName("kafka.admin.client:type=admin-client-metrics,client-id=tidemark-groups");
        return (double) ManagementFactory.getPlatformMBeanServer().getAttribute(client, "request-total");
    }

    @Test
    void standingsAskedAtOnceShareTheirRequestsToKafka() throws Exception {
        write("one");
        await().until(() -> standing().state() == GroupState.STOPPED);
        double before = requestsToKafka();
        List<CompletableFuture<ProjectionStanding>> asked = new ArrayList<>();
        for (int i = 0; i < QUESTIONS; i++) {
            asked.add(relay.relay().watermarks().reports().standing("view").toCompletableFuture());
        }
        for (CompletableFuture<ProjectionStanding> standing : asked) {
            assertThat(standing.get(30, TimeUnit.SECONDS).state()).isEqualTo(GroupState.STOPPED);
        }
        // Each has a look from after the question. The requests of the samples, several a second, count as well.
        assertThat(requestsToKafka() - before).isBetween(1.0, QUESTIONS / 10.0);
    }

    /** Kafka shows no members of a group whose consumers assign partitions themselves. They may commit once a minute. */
    @Test
    void waitsForAGroupWithoutMembersThatAssignsItsPartitions() throws Exception {
        Path file = source.configFile();
        Files.writeString(file, Files.readString(file).replace("topics: [", "stalledAfter: 5m, topics: ["));
        Token first = write("one");
        assertHopeless(ask(first, LONG_WAIT_MILLIS), GroupState.STOPPED);
        try (RunningRelay patient = RunningRelay.start(ConfigurationFile.read(file));
                KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            patient.awaitServing();
            Map<TopicPartition, OffsetAndMetadata> beginning = new HashMap<>();
            for (int partition = 0; partition < 3; partition++) {
                beginning.put(new TopicPartition(source.topic("order"), partition), new OffsetAndMetadata(0));
            }
            consumer.assign(beginning.keySet());
            consumer.commitSync(beginning);

            Answer behind =
                    patient.relay().watermarks().ask("view", first, 14_000).get(90, TimeUnit.SECONDS);

            assertThat(behind)
                    .as("for longer than a subscribing group may be away")
                    .isInstanceOf(Answer.ProjectionBehind.class);
            Map<TopicPartition, OffsetAndMetadata> end = new HashMap<>();
            consumer.endOffsets(beginning.keySet())
                    .forEach((partition, offset) -> end.put(partition, new OffsetAndMetadata(offset)));
            consumer.commitSync(end);
            assertThat(patient.relay()
                            .watermarks()
                            .ask("view", first, LONG_WAIT_MILLIS)
                            .get(90, TimeUnit.SECONDS))
                    .isInstanceOf(Answer.Success.class);
        }
    }

    @Test
    void returnsStalledForAMemberThatCommitsNothing() throws Exception {
        Token token = write("one");
        AtomicBoolean closing = new AtomicBoolean();
        Thread member = new Thread(() -> {
            try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
                consumer.subscribe(List.of(source.topic("order")));
                while (!closing.get()) {
                    consumer.poll(Duration.ofMillis(100));
                }
            }
        });
        member.start();
        try {
            await().until(() -> standing().state() == GroupState.STALLED);

            assertHopeless(ask(token, LONG_WAIT_MILLIS), GroupState.STALLED);
            assertThat(standing().members()).isEqualTo(1);
            assertThat(standing().lagSeconds().orElseThrow()).isPositive();
        } finally {
            closing.set(true);
            member.join();
        }
    }

    @Test
    void returnsRebuildingForAGroupThatIsSetBackDuringAWait() throws Exception {
        Token first = write("one");
        try (GroupConsumer group = GroupConsumer.start(source, 0)) {
            assertThat(ask(first, LONG_WAIT_MILLIS)).isInstanceOf(Answer.Success.class);
            assertThat(group.processed()).isEqualTo(1);
        }
        assertThat(standing().state()).isEqualTo(GroupState.RUNNING);
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            TopicPartition partition = consumer.partitionsFor(source.topic("order")).stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .filter(candidate -> consumer.committed(Set.of(candidate)).get(candidate) != null)
                    .findFirst()
                    .orElseThrow();
            consumer.commitSync(Map.of(partition, new OffsetAndMetadata(0)));
        }

        assertThat(ask(first, 0)).as("by what was seen before").isNotInstanceOf(Answer.Success.class);

        assertHopeless(ask(first, LONG_WAIT_MILLIS), GroupState.REBUILDING);
    }

    /** For example with {@code kafka-consumer-groups --reset-offsets}: skipped events count as consumed. */
    @Test
    void returnsSuccessForEventsThatAGroupSkipped() throws Exception {
        Token skipped = write("one");
        assertHopeless(ask(skipped, LONG_WAIT_MILLIS), GroupState.STOPPED);

        commit(standing().behind());

        assertThat(ask(skipped, LONG_WAIT_MILLIS)).isInstanceOf(Answer.Success.class);
        assertThat(standing().state()).isEqualTo(GroupState.RUNNING);
        assertHopeless(ask(write("one"), LONG_WAIT_MILLIS), GroupState.STOPPED);
    }

    /**
     * {@code success} reports what the group committed, not what it applied. Every answer has the age of its evidence,
     * which is never older than the request. So the projection was wrong at that time.
     */
    @Test
    void ageOfTheEvidenceExposesAConsumerThatCommitsBeforeItApplies() throws Exception {
        Token token = write("one");
        await().until(() -> !standing().behind().isEmpty());
        long committedNanos = System.nanoTime();
        commit(standing().behind());

        long askedNanos = System.nanoTime();
        Answer answer = ask(token, 0);

        long sinceAskedMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - askedNanos);
        assertThat(answer).isInstanceOfSatisfying(Answer.Success.class, success -> {
            assertThat(success.evidenceAgeMillis()).isBetween(0L, sinceAskedMillis);
            assertThat(System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(success.evidenceAgeMillis()))
                    .as("when the offsets were read")
                    .isGreaterThan(committedNanos);
        });
    }

    /**
     * FINDINGS D1: it commits only what it has processed, and in two of three partitions there is nothing left that it
     * could. The same once its offsets have expired.
     */
    @Test
    void aNewGroupNeedsNothingThatKafkaHasDeleted() throws Exception {
        for (int i = 0; i < 8; i++) {
            write("old-" + i);
        }
        await("events in every partition").until(() -> standing().behind().size() == 3);
        deleteAllRecords();
        try (GroupConsumer group = GroupConsumer.start(source, 0)) {
            group.awaitAssigned();

            assertThat(ask(write("new"), LONG_WAIT_MILLIS)).isInstanceOf(Answer.Success.class);

            assertThat(group.processed()).isEqualTo(1);
            assertThat(standing().state()).isEqualTo(GroupState.RUNNING);
            assertThat(standing().lagRecords()).isZero();
        }
        deleteAllRecords();
        try (Admin admin = admin()) {
            String group = source.name() + "-view";
            await("the group without members").ignoreExceptions().until(() -> {
                admin.deleteConsumerGroups(List.of(group)).all().get(30, TimeUnit.SECONDS); // its offsets with it
                return true;
            });
        }
        try (GroupConsumer group = GroupConsumer.start(source, 0)) {
            group.awaitAssigned();

            assertThat(ask(write("newer"), LONG_WAIT_MILLIS)).isInstanceOf(Answer.Success.class);

            assertThat(group.processed()).isEqualTo(1);
        }
    }

    private void deleteAllRecords() throws Exception {
        Map<TopicPartition, RecordsToDelete> all = new HashMap<>();
        for (int partition = 0; partition < 3; partition++) {
            all.put(new TopicPartition(source.topic("order"), partition), RecordsToDelete.beforeOffset(-1));
        }
        try (Admin admin = admin()) {
            admin.deleteRecords(all).all().get(30, TimeUnit.SECONDS);
        }
    }

    private Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", source.servers().bootstrapServers()));
    }

    @Test
    void namesThePartitionInWhichAGroupHasNotCommittedYet() throws Exception {
        write("one");

        await().untilAsserted(() -> assertThat(standing().behind())
                .extracting(PartitionNeed::note)
                .containsExactly(PartitionNeed.NO_COMMIT));
    }

    /** FINDINGS D2: what is published there next would count as consumed. */
    @Test
    void anOffsetBeyondTheEndOfTheLogIsUnknownUntilItIsSetBack() throws Exception {
        Token token = write("one");
        await().until(() -> !standing().behind().isEmpty());
        PartitionNeed needed = standing().behind().get(0);
        commit(List.of(new PartitionNeed(needed.topic(), needed.partition(), 100_000, 0)));

        // "one" counts as consumed; some of the others are in partitions that the group has yet to read
        for (Token each : List.of(token, write("one"), write("two"), write("three"), write("four"))) {
            assertThat(ask(each, LONG_WAIT_MILLIS)).isInstanceOfSatisfying(Answer.Refused.class, unknown -> {
                assertThat(unknown.status()).isEqualTo(WatermarkStatus.UNKNOWN);
                assertThat(unknown.reason())
                        .contains("has committed offset 100000", "beyond the end of the log", "--reset-offsets");
            });
        }
        assertThat(standing().state()).isEqualTo(GroupState.UNKNOWN);
        assertThat(standing().reason()).contains("beyond the end of the log");

        commit(List.of(needed));
        assertThat(ask(token, LONG_WAIT_MILLIS)).isInstanceOf(Answer.Success.class);
    }

    @Test
    void aShareGroupIsUnknown() throws Exception {
        Token token = write("one");
        Map<String, Object> config =
                Map.of("bootstrap.servers", source.servers().bootstrapServers(), "group.id", source.name() + "-view");
        try (KafkaShareConsumer<byte[], byte[]> share =
                new KafkaShareConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            share.subscribe(List.of(source.topic("order")));
            await().untilAsserted(() -> {
                share.poll(Duration.ofMillis(50));
                assertThat(standing().reason()).contains("is a share group");
            });

            assertThat(ask(token, LONG_WAIT_MILLIS))
                    .isInstanceOfSatisfying(
                            Answer.Refused.class,
                            unknown -> assertThat(unknown.reason()).contains("is a share group"));
        }
    }

    /** FINDINGS D7: Kafka returns its members only to a request for a streams group. */
    @Test
    void aStreamsApplicationIsAGroupWithMembers() throws Exception {
        write("one");
        StreamsRebalanceData data = new StreamsRebalanceData(
                UUID.randomUUID(),
                Optional.empty(),
                Optional.empty(),
                Map.of("0", new Subtopology(Set.of(source.topic("order")), Set.of(), Map.of(), Map.of(), List.of())),
                Map.of());
        ConsumerConfig config = new ConsumerConfig(Map.of(
                "bootstrap.servers",
                source.servers().bootstrapServers(),
                "group.id",
                source.name() + "-view",
                "group.protocol",
                "consumer",
                "enable.auto.commit",
                false,
                "key.deserializer",
                ByteArrayDeserializer.class,
                "value.deserializer",
                ByteArrayDeserializer.class));
        try (AsyncKafkaConsumer<byte[], byte[]> streams = new AsyncKafkaConsumer<>(
                config, new ByteArrayDeserializer(), new ByteArrayDeserializer(), Optional.of(data))) {
            streams.subscribe(Set.of(source.topic("order")), new ReconcileTasks(data));

            await().untilAsserted(() -> {
                streams.poll(Duration.ofMillis(50));
                assertThat(standing().members()).isEqualTo(1);
                assertThat(standing().state()).isEqualTo(GroupState.STALLED);
            });
        }
    }

    /** Takes what it is given, as a Kafka Streams application does. */
    private record ReconcileTasks(StreamsRebalanceData data) implements StreamsRebalanceListener {

        @Override
        public void onTasksAssigned(StreamsRebalanceData.Assignment assignment) {
            data.setReconciledAssignment(assignment);
        }

        @Override
        public void onTasksRevoked(Set<StreamsRebalanceData.TaskId> tasks) {
            data.setReconciledAssignment(StreamsRebalanceData.Assignment.EMPTY);
        }

        @Override
        public void onAllTasksLost() {
            data.setReconciledAssignment(StreamsRebalanceData.Assignment.EMPTY);
        }
    }

    private void commit(List<PartitionNeed> needed) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            needed.forEach(partition -> consumer.commitSync(Map.of(
                    new TopicPartition(partition.topic(), partition.partition()),
                    new OffsetAndMetadata(partition.need()))));
        }
    }

    /** As exactly-once consumers commit, for example Kafka Streams. */
    @Test
    void countsOffsetsOfATransactionOnlyOnceItIsCommitted() throws Exception {
        Token first = write("one");
        await().until(() -> !standing().behind().isEmpty());
        PartitionNeed behind = standing().behind().get(0);
        TopicPartition partition = new TopicPartition(behind.topic(), behind.partition());
        commit(List.of(behind));
        ConsumerGroupMetadata group;
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            group = consumer.groupMetadata();
        }
        Map<String, Object> config = Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                source.servers().bootstrapServers(),
                ProducerConfig.TRANSACTIONAL_ID_CONFIG,
                source.name() + "-consumer");
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.initTransactions();
            assertThat(ask(first, LONG_WAIT_MILLIS)).isInstanceOf(Answer.Success.class);
            Token second = write("one");
            await().until(() -> !standing().behind().isEmpty());
            Map<TopicPartition, OffsetAndMetadata> consumed = Map.of(
                    partition, new OffsetAndMetadata(standing().behind().get(0).need()));

            for (boolean isCommitted : List.of(false, true)) {
                producer.beginTransaction();
                producer.sendOffsetsToTransaction(consumed, group);

                assertThat(standing().state()).isNotEqualTo(GroupState.REBUILDING);
                assertThat(ask(first, 0)).isInstanceOf(Answer.Success.class);
                assertThat(ask(second, 300)).isNotInstanceOf(Answer.Success.class);
                if (isCommitted) {
                    producer.commitTransaction();
                } else {
                    producer.abortTransaction();
                    assertThat(ask(second, 300)).isNotInstanceOf(Answer.Success.class);
                }
            }
            await().untilAsserted(() -> assertThat(ask(second, 0)).isInstanceOf(Answer.Success.class));
        }
    }

    @Test
    void returnsUnknownForATopicThatWasCreatedAgain() throws Exception {
        Token token = write("one");
        try (GroupConsumer group = GroupConsumer.start(source, 0)) {
            assertThat(ask(token, LONG_WAIT_MILLIS)).isInstanceOf(Answer.Success.class);
            assertThat(group.processed()).isEqualTo(1);
        }
        try (Admin admin =
                Admin.create(Map.of("bootstrap.servers", source.servers().bootstrapServers()))) {
            admin.deleteTopics(List.of(source.topic("order"))).all().get(30, TimeUnit.SECONDS);
            await().ignoreExceptions().until(() -> {
                admin.createTopics(List.of(new NewTopic(source.topic("order"), 3, (short) 1)))
                        .all()
                        .get(30, TimeUnit.SECONDS);
                return true;
            });
        }

        await().untilAsserted(() -> assertThat(ask(token, 0)).isInstanceOfSatisfying(Answer.Refused.class, unknown -> {
            assertThat(unknown.status()).isEqualTo(WatermarkStatus.UNKNOWN);
            assertThat(unknown.reason()).contains(source.topic("order"), "made again");
        }));
        assertThat(standing().state()).isEqualTo(GroupState.UNKNOWN);
    }
}
