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
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.group.GroupState;
import io.tidemark.relay.health.RelayState.Phase;
import io.tidemark.relay.preflight.Preflight;
import io.tidemark.relay.watermark.Answer;
import io.tidemark.relay.watermark.ProjectionStanding;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The declaration of a projection is compared with its group: a token is not success because nothing is read. */
class DeclaredTopicsIT {

    private TestSource source;

    @BeforeEach
    void create() throws Exception {
        source = TestSource.create("declared");
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    /** The projection {@code view} with other topics than {@code order}. */
    private RelayConfiguration declaring(String topics) throws Exception {
        Path file = source.configFile();
        String yaml = Files.readString(file);
        return ConfigurationFile.read(
                Files.writeString(file, yaml.replace("topics: [" + source.topic("order") + "]", "topics: " + topics)));
    }

    private Token write(String aggregateType) throws Exception {
        try (Connection connection = source.connect()) {
            new OutboxWriter().publish(connection, OutboxEvent.of(aggregateType, "1", "t", "x"));
            return Tokens.current(connection);
        }
    }

    private static Answer ask(RunningRelay relay, Token token, long waitMillis) throws Exception {
        return relay.relay().watermarks().ask("view", token, waitMillis).get(90, TimeUnit.SECONDS);
    }

    private static ProjectionStanding standing(RunningRelay relay) throws Exception {
        return relay.relay()
                .watermarks()
                .reports()
                .standing("view")
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
    }

    private static void assertUnknown(Answer answer, String... reason) {
        assertThat(answer).isInstanceOfSatisfying(Answer.Refused.class, unknown -> {
            assertThat(unknown.status()).isEqualTo(WatermarkStatus.UNKNOWN);
            assertThat(unknown.reason()).contains(reason);
        });
    }

    private Set<String> topics() throws Exception {
        try (Admin admin =
                Admin.create(Map.of("bootstrap.servers", source.servers().bootstrapServers()))) {
            return admin.listTopics().names().get(30, TimeUnit.SECONDS);
        }
    }

    private RunningRelay standby(RelayConfiguration config) {
        RunningRelay standby = RunningRelay.start(config);
        standby.awaitPhase(Phase.STANDBY);
        standby.awaitServing();
        return standby;
    }

    /** A misspelt topic must not be created, and tokens must not be success because of it. */
    @Test
    void reportsATopicWithoutRouteAndReturnsUnknownOnEveryReplica() throws Exception {
        RelayConfiguration config = declaring("[order]");
        String meant = "did you mean " + source.topic("order") + "?";
        try (RunningRelay active = RunningRelay.startAndAwait(config);
                RunningRelay standby = standby(config);
                GroupConsumer group = GroupConsumer.start(source, 0)) {
            Token token = write("order");
            await("the event").until(() -> group.processed() == 1);

            assertThat(Preflight.of(config).findings())
                    .anySatisfy(finding -> assertThat(finding)
                            .contains("projection view reads topic 'order', but no route writes it", meant));
            for (RunningRelay relay : List.of(active, standby)) {
                assertUnknown(ask(relay, token, 5_000), "no route writes it", meant);
                assertUnknown(ask(relay, token, 0), "no route writes it", meant);
                assertThat(standing(relay).state()).isEqualTo(GroupState.UNKNOWN);
                assertThat(standing(relay).reason()).contains(meant);
            }
            assertThat(topics()).doesNotContain("order");
        }
    }

    @Test
    void doesNotCreateAMissingTopicForAProjection() throws Exception {
        RelayConfiguration config = declaring("[" + source.topic("orders") + "]");
        try (RunningRelay active = RunningRelay.startAndAwait(config);
                RunningRelay standby = standby(config)) {
            for (RunningRelay relay : List.of(active, standby)) {
                assertUnknown(ask(relay, source.token(), 5_000), source.topic("orders") + " does not exist yet");
                assertThat(standing(relay).state()).isEqualTo(GroupState.UNKNOWN);
            }
            assertThat(topics()).doesNotContain(source.topic("orders"));

            try (GroupConsumer group = GroupConsumer.start(source, 0)) {
                Token token = write("order");
                await("the event").until(() -> group.processed() == 1);
                for (RunningRelay relay : List.of(active, standby)) {
                    await("the group to be looked at")
                            .untilAsserted(() -> assertUnknown(
                                    ask(relay, token, 5_000),
                                    "also reads " + source.topic("order"),
                                    "does not declare"));
                }
            }
        }
    }

    @Test
    void returnsSuccessForTheFirstEventOfAFreshSystemOnceConsumed() throws Exception {
        try (RunningRelay active = RunningRelay.startAndAwait(source.configuration());
                RunningRelay standby = standby(source.configuration());
                GroupConsumer group = GroupConsumer.start(source, 0)) {
            assertUnknown(ask(active, source.token(), 5_000), "does not exist yet");
            assertUnknown(ask(standby, source.token(), 5_000), "does not exist yet");

            Token token = write("order");

            assertThat(ask(active, token, 30_000)).isInstanceOf(Answer.Success.class);
            assertThat(group.processed()).isEqualTo(1);
            assertThat(ask(standby, token, 30_000)).isInstanceOf(Answer.Success.class);
            assertThat(standing(active).state()).isEqualTo(GroupState.RUNNING);
            assertThat(standing(standby).state()).isEqualTo(GroupState.RUNNING);
        }
    }

    @Test
    void returnsUnknownForAGroupWithAnUndeclaredTopicUntilItIsDeclared() throws Exception {
        AtomicBoolean closing = new AtomicBoolean();
        Thread group = new Thread(() -> consumeAll(closing));
        try {
            try (RunningRelay active = RunningRelay.startAndAwait(source.configuration());
                    RunningRelay standby = standby(source.configuration())) {
                group.start();
                assertThat(ask(active, write("order"), 30_000)).isInstanceOf(Answer.Success.class);
                assertThat(ask(standby, write("order"), 30_000)).isInstanceOf(Answer.Success.class);

                Token invoice = write("invoice");

                for (RunningRelay relay : List.of(active, standby)) {
                    await("the assignment to be seen")
                            .untilAsserted(() -> assertUnknown(
                                    ask(relay, invoice, 5_000),
                                    "also reads " + source.topic("invoice"),
                                    "projection view does not declare"));
                    assertThat(standing(relay).reason()).contains(source.topic("invoice"));
                }
            }

            RelayConfiguration complete = declaring("[" + source.topic("order") + ", " + source.topic("invoice") + "]");
            try (RunningRelay restarted = RunningRelay.startAndAwait(complete)) {
                assertThat(ask(restarted, write("invoice"), 30_000)).isInstanceOf(Answer.Success.class);
                assertThat(standing(restarted).state()).isEqualTo(GroupState.RUNNING);
            }
        } finally {
            closing.set(true);
            group.join();
        }
    }

    /** Subscribed by pattern, like a group that reads all events of a source. */
    private void consumeAll(AtomicBoolean closing) {
        Map<String, Object> config = Map.of(
                ConsumerConfig.GROUP_ID_CONFIG, source.name() + "-view", ConsumerConfig.METADATA_MAX_AGE_CONFIG, 500);
        try (KafkaConsumer<byte[], byte[]> consumer = TopicReader.consumer(source.servers(), config)) {
            consumer.subscribe(Pattern.compile(Pattern.quote(source.name() + ".") + ".*"));
            while (!closing.get()) {
                if (!consumer.poll(Duration.ofMillis(50)).isEmpty()) {
                    consumer.commitSync();
                }
            }
        }
    }

    @Test
    void doesNotReturnSuccessForAGroupUnknownToKafka() throws Exception {
        source.makeTopic("order");
        try (RunningRelay active = RunningRelay.startAndAwait(source.configuration());
                RunningRelay standby = standby(source.configuration())) {
            for (RunningRelay relay : List.of(active, standby)) {
                assertUnknown(
                        ask(relay, source.token(), 5_000), "Kafka does not know group " + source.name() + "-view");
                assertThat(standing(relay).state()).isEqualTo(GroupState.UNKNOWN);
            }

            try (GroupConsumer group = GroupConsumer.start(source, 0)) {
                group.awaitAssigned();
                for (RunningRelay relay : List.of(active, standby)) {
                    assertThat(ask(relay, source.token(), 5_000)).isInstanceOf(Answer.Success.class);
                    assertThat(standing(relay).state()).isEqualTo(GroupState.RUNNING);
                }
            }
        }
    }

    @Test
    void doesNotReturnSuccessForAGroupThatSkipsADeclaredTopic() throws Exception {
        source.makeTopic("order");
        source.makeTopic("invoice");
        RelayConfiguration config = declaring("[" + source.topic("order") + ", " + source.topic("invoice") + "]");
        try (RunningRelay relay = RunningRelay.startAndAwait(config);
                GroupConsumer group = GroupConsumer.start(source, 0)) {
            group.awaitAssigned();

            assertUnknown(
                    ask(relay, write("order"), 30_000),
                    "group " + source.name() + "-view does not read " + source.topic("invoice"));

            assertThat(group.processed()).isEqualTo(1);
        }
    }
}
