// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.G10FailsClosed;
import io.tidemark.it.guarantee.HaltEvidence;
import io.tidemark.it.harness.CommandRun;
import io.tidemark.it.harness.GroupConsumer;
import io.tidemark.it.harness.OtherPublisher;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.health.RelayState.Phase;
import io.tidemark.relay.watermark.Answer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What makes a relay halt that has published before, what it reports, and how it continues. */
class HaltIT {

    private TestSource source;

    @BeforeEach
    void create() throws Exception {
        source = TestSource.create("halt");
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    private void publish(String aggregateId) throws Exception {
        source.execute("select outbox.publish('order', '" + aggregateId + "', 't', 'x')");
    }

    private void awaitReadable(int events) {
        TopicReader.readUntil(source.servers(), source.name() + ".", read -> read.size() >= events);
    }

    private String haltReason(RunningRelay relay) throws Exception {
        HaltEvidence halt = HaltEvidence.gather(source, relay);
        new G10FailsClosed().check(halt);
        return halt.reason();
    }

    private void deleteTopic(boolean andMakeAgain) throws Exception {
        try (Admin admin = Admin.create(Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, source.servers().bootstrapServers()))) {
            admin.deleteTopics(List.of(source.topic("order"))).all().get();
            if (andMakeAgain) {
                await().ignoreExceptions().until(() -> {
                    admin.createTopics(List.of(new NewTopic(source.topic("order"), Optional.of(3), Optional.empty())))
                            .all()
                            .get();
                    return true;
                });
            }
        }
    }

    /** Runs the command that {@code tidemark adopt CONFIG} proposes. Returns its text about the events. */
    private String adoptAsProposed() throws Exception {
        String config = source.configFile().toString();
        assertThat(CommandRun.of("check", config).output()).contains("FINDING", "tidemark adopt CONFIG");
        CommandRun look = CommandRun.of("adopt", config);
        assertThat(look.exitCode()).as(look.output()).isEqualTo(1);

        CommandRun adopted = CommandRun.of("adopt", "--at", look.proposedLsn(), config);

        assertThat(adopted.exitCode()).as(adopted.output()).isZero();
        return look.output();
    }

    private List<String> readableAggregates() {
        return TopicReader.readAll(source.servers(), source.name() + ".").stream()
                .map(ReadEvent::key)
                .toList();
    }

    private void publishAndStop(String aggregateId) throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            publish(aggregateId);
            awaitReadable(1);
            await().until(() -> source.confirmed().isAtLeast(relay.state().published()));
        }
        await().until(() -> source.query(
                        "select active from pg_replication_slots where slot_name = '" + source.name() + "'")
                .equals("f"));
    }

    @Test
    void haltsAtALostSlotAndContinuesAfterAdoption() throws Exception {
        publishAndStop("before");
        source.execute("select pg_drop_replication_slot('" + source.name() + "')");
        publish("missed");
        Token missed = source.token();
        try (RunningRelay relay = RunningRelay.start(source.configuration())) {
            assertThat(haltReason(relay)).contains("is gone", "may be missing", "tidemark adopt CONFIG");

            assertThat(adoptAsProposed())
                    .contains(
                            "is gone",
                            "a new slot begins at the end of the WAL",
                            "rows are in the outbox table, those of outbox.emit() nowhere else");

            relay.awaitPhase(Phase.RUNNING);
            publish("after");
            awaitReadable(2);
            assertThat(readableAggregates()).containsExactlyInAnyOrder("before", "after");
            assertLeftOut(relay, missed);
        }
    }

    @Test
    void haltsAtASlotAheadOfThePositionAndContinuesThere() throws Exception {
        publishAndStop("before");
        publish("skipped");
        Token skipped = source.token();
        source.execute("select pg_replication_slot_advance('" + source.name() + "', pg_current_wal_flush_lsn())");
        publish("after");
        try (RunningRelay relay = RunningRelay.start(source.configuration())) {
            assertThat(haltReason(relay)).contains("is confirmed up to", "tidemark adopt CONFIG");

            assertThat(adoptAsProposed()).contains("are not published, unless they were already");

            relay.awaitPhase(Phase.RUNNING);
            awaitReadable(2);
            assertThat(readableAggregates()).containsExactlyInAnyOrder("before", "after");
            try (RunningRelay standby = RunningRelay.start(source.configuration());
                    GroupConsumer consumer = GroupConsumer.start(source, 5)) {
                for (RunningRelay replica : List.of(relay, standby)) {
                    assertLeftOut(replica, skipped);
                    assertThat(ask(replica, source.token())).isInstanceOf(Answer.Success.class);
                }
            }
        }
    }

    /** Below the published LSN, but it must not count as consumed. */
    private static void assertLeftOut(RunningRelay relay, Token token) throws Exception {
        assertThat(ask(relay, token)).isInstanceOfSatisfying(Answer.Refused.class, unknown -> {
            assertThat(unknown.status()).isEqualTo(WatermarkStatus.UNKNOWN);
            assertThat(unknown.reason()).contains("were left out by tidemark adopt");
        });
    }

    private static Answer ask(RunningRelay relay, Token token) throws Exception {
        relay.awaitServing();
        return relay.relay().watermarks().ask("view", token, 20_000).get(30, TimeUnit.SECONDS);
    }

    @Test
    void haltsAtADamagedPositionAndContinuesAtTheSlot() throws Exception {
        publishAndStop("before");
        damagePosition();
        publish("after");
        try (RunningRelay relay = RunningRelay.start(source.configuration())) {
            assertThat(haltReason(relay)).contains("is not a position", "tidemark adopt CONFIG");

            assertThat(adoptAsProposed()).contains("is not a position", "it is not known up to where Kafka has events");

            relay.awaitPhase(Phase.RUNNING);
            awaitReadable(2);
            assertThat(readableAggregates()).containsExactlyInAnyOrder("before", "after");
        }
    }

    private void damagePosition() throws Exception {
        Map<String, Object> config =
                Map.of("bootstrap.servers", source.servers().bootstrapServers());
        byte[] key = source.sourceId().getBytes(StandardCharsets.UTF_8);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(OwnTopics.POSITIONS, 0, key, "{}".getBytes(StandardCharsets.UTF_8)))
                    .get(30, TimeUnit.SECONDS);
        }
    }

    /** Events that wait may be as old as the last position. */
    @Test
    void checkNamesATopicThatWouldLoseTheBacklog() throws Exception {
        publishAndStop("before");
        String topic = source.topic("order");
        String config = source.configFile().toString();
        assertThat(CommandRun.of("check", config).output()).doesNotContain("retention.ms");
        try (Admin admin = Admin.create(Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, source.servers().bootstrapServers()))) {
            AlterConfigOp lower = new AlterConfigOp(new ConfigEntry("retention.ms", "1"), AlterConfigOp.OpType.SET);
            admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, topic), List.of(lower)))
                    .all()
                    .get(30, TimeUnit.SECONDS);
        }

        await("the setting")
                .untilAsserted(() -> assertThat(CommandRun.of("check", config).output())
                        .contains(
                                "FINDING  topic " + topic + " has retention.ms=1, and this source last published at "));
    }

    @Test
    void haltsAtAMissingPositionAndContinuesAtTheSlot() throws Exception {
        publishAndStop("before");
        // Kafka has data about another one
        source.execute("update outbox.source set id = left(md5(random()::text), 8)");
        publish("after");
        try (RunningRelay relay = RunningRelay.start(source.configuration())) {
            assertThat(haltReason(relay)).contains("this source has no position", "tidemark adopt CONFIG");

            assertThat(adoptAsProposed()).contains("Kafka has no position", "everything committed after");

            relay.awaitPhase(Phase.RUNNING);
            awaitReadable(2);
            assertThat(readableAggregates()).containsExactlyInAnyOrder("before", "after");
        }
    }

    @Test
    void rejectsAdoptionWhileARelayPublishesOrAtAnImpossibleLsn() throws Exception {
        String config = source.configFile().toString();
        CommandRun outside = CommandRun.of("adopt", "--at", "F/FFFFFFFF", config);
        assertThat(outside.exitCode()).isEqualTo(2);
        assertThat(outside.output()).contains("--at is F/FFFFFFFF, but it must lie between");
        CommandRun nonsense = CommandRun.of("adopt", "--at", "here", config);
        assertThat(nonsense.exitCode()).isEqualTo(2);
        assertThat(nonsense.output()).contains("'--at': not an LSN: 'here'");

        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            CommandRun running = CommandRun.of("adopt", config);

            assertThat(running.exitCode()).as(relay.state().toString()).isEqualTo(2);
            assertThat(running.output()).contains("a relay publishes this source now");
        }
    }

    /** A copy of the database has its own lock: an adoption there by mistake must not end the production elsewhere. */
    @Test
    void endsNoOtherPublisherBeforeTheAdoptionIsSureToBeAllowed() throws Exception {
        publishAndStop("before");
        String config = source.configFile().toString();
        try (OtherPublisher other = new OtherPublisher(source)) {
            assertThat(CommandRun.of("adopt", "--at", "F/FFFFFFFF", config).exitCode())
                    .isEqualTo(2);
            other.commit();

            String proposed = CommandRun.of("adopt", config).proposedLsn();
            assertThat(CommandRun.of("adopt", "--at", proposed, config).exitCode())
                    .isZero();
            assertThatThrownBy(other::commit).hasMessageContaining("another relay publishes this source now");
        }
    }

    @Test
    void haltsAtAMissingGrantAndContinuesOnceItIsGranted() throws Exception {
        source.execute(
                "create role " + source.name() + " login replication password 'x'",
                "grant usage on schema outbox to " + source.name());
        Path file = source.configFile();
        Files.writeString(
                file,
                Files.readString(file)
                        .replace("user: " + source.servers().user(), "user: " + source.name())
                        .replace("password: \"" + source.servers().password() + "\"", "password: x"));
        try (RunningRelay relay = RunningRelay.start(ConfigurationFile.read(file))) {
            assertThat(haltReason(relay)).contains("user " + source.name() + " may not read the outbox");

            source.execute("grant tidemark_relay to " + source.name());

            relay.awaitPhase(Phase.RUNNING);
        } finally {
            source.execute("revoke usage on schema outbox from " + source.name(), "drop role " + source.name());
        }
    }

    @Test
    void haltsAtATopicThatWasCreatedAgainWhileItWasDown() throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            publish("1");
            awaitReadable(1);
        }
        deleteTopic(true);

        try (RunningRelay relay = RunningRelay.start(source.configuration())) {
            assertThat(haltReason(relay))
                    .contains("topic " + source.topic("order") + " was deleted and made again", "are gone");

            assertThat(adoptAsProposed()).contains("was deleted and made again");

            relay.awaitPhase(Phase.RUNNING);
            publish("2");
            awaitReadable(1);
            assertThat(readableAggregates()).containsExactly("2");
        }
    }

    @Test
    void haltsAtATopicThatIsDeletedWhileItRuns() throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            publish("1");
            awaitReadable(1);

            deleteTopic(false);

            await().until(() -> relay.state().phase() == Phase.HALTED);
            assertThat(relay.state().reason()).contains("topic " + source.topic("order") + " was deleted");
        }
    }
}
