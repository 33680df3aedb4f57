// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.quickstart.stack.ProcessPause;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** The base of the fault tests: servers can be killed, stopped and restarted, and links carry all traffic. */
@EnabledIfSystemProperty(named = "faults", matches = "true", disabledReason = "slow; run with -Pfaults")
class ServerFaultsIT {

    private static FaultyServers servers;

    @BeforeAll
    static void startServers() throws Exception {
        servers = FaultyServers.start(3, 1);
    }

    @AfterAll
    static void stopServers() {
        servers.close();
    }

    @AfterEach
    void restore() {
        servers.restore();
    }

    private static KafkaProducer<String, String> producer(Servers through) {
        Map<String, Object> properties = new HashMap<>();
        properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, through.bootstrapServers());
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 60_000);
        return new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
    }

    private static void createTopic(String topic) throws Exception {
        Map<String, Object> properties = Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, servers.direct().bootstrapServers());
        try (Admin admin = Admin.create(properties)) {
            admin.createTopics(List.of(new NewTopic(topic, Optional.of(12), Optional.empty())))
                    .all()
                    .get();
        }
    }

    @Test
    void killedPostgresLeavesNoSessionAndKeepsCommits() throws Exception {
        ProcessHandle session;
        try (Connection connection = servers.postgres().connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("create table kept (n int)");
            statement.execute("insert into kept values (42)");
            var row = statement.executeQuery("select pg_backend_pid()");
            row.next();
            session = ProcessHandle.of(row.getLong(1)).orElseThrow();

            servers.postgres().killNow();

            assertThat(session.info().command()).as("a session after the kill").isEmpty();
            assertThatThrownBy(() -> statement.execute("select 1")).isInstanceOf(SQLException.class);
        }

        servers.restartPostgres();

        try (Connection connection = servers.postgres().connect("postgres");
                Statement statement = connection.createStatement()) {
            var row = statement.executeQuery("select n from kept");
            assertThat(row.next()).isTrue();
            assertThat(row.getInt(1)).isEqualTo(42);
        }
    }

    @Test
    void pausedPostgresKeepsItsSessionsAndAnswersLater() throws Exception {
        try (Connection connection = servers.postgres().connect("postgres");
                Statement statement = connection.createStatement()) {
            CompletableFuture<Boolean> answer;
            try (ProcessPause pause = servers.postgres().pause()) {
                answer = CompletableFuture.supplyAsync(() -> {
                    try {
                        return statement.execute("select 1");
                    } catch (SQLException e) {
                        throw new AssertionError(e);
                    }
                });
                assertThatThrownBy(() -> answer.get(500, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
            }

            assertThat(answer).succeedsWithin(Patience.LIMIT);
        }
    }

    @Test
    void threeBrokersAcknowledgeWithOneKilledAndAcceptItAgain() throws Exception {
        createTopic("killed-broker");
        try (KafkaProducer<String, String> producer = producer(servers.direct())) {
            servers.kafka().broker(2).kill();
            for (int partition = 0; partition < 12; partition++) {
                producer.send(new ProducerRecord<>("killed-broker", partition, "k", "v"))
                        .get(60, TimeUnit.SECONDS);
            }

            servers.kafka().broker(2).restart();

            producer.send(new ProducerRecord<>("killed-broker", "k", "v")).get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void pausedBrokerAnswersLater() throws Exception {
        createTopic("paused-brokers");
        try (KafkaProducer<String, String> producer = producer(servers.direct())) {
            for (int i = 0; i < 3; i++) {
                servers.kafka().broker(i).pause();
            }
            Future<RecordMetadata> sent = CompletableFuture.supplyAsync(() -> {
                try {
                    return producer.send(new ProducerRecord<>("paused-brokers", "k", "v"))
                            .get();
                } catch (InterruptedException | ExecutionException e) {
                    throw new AssertionError(e);
                }
            });
            assertThatThrownBy(() -> sent.get(500, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);

            for (int i = 0; i < 3; i++) {
                servers.kafka().broker(i).resume();
            }

            assertThat(sent).succeedsWithin(Patience.LIMIT);
        }
    }

    @Test
    void linksOfARelayCarryItsTrafficToAllBrokers() throws Exception {
        createTopic("linked");
        try (KafkaProducer<String, String> producer = producer(servers.through(0))) {
            for (int partition = 0; partition < 12; partition++) {
                producer.send(new ProducerRecord<>("linked", partition, "k", "v"))
                        .get(60, TimeUnit.SECONDS);
            }
            assertThat(servers.kafkaLinks(0))
                    .allSatisfy(link ->
                            assertThat(link.bytes(TcpProxy.Direction.TO_SERVER)).isPositive());

            servers.kafkaLinks(0).forEach(link -> link.blackhole(TcpProxy.Direction.TO_SERVER));
            List<Future<RecordMetadata>> unanswered = List.of(
                    producer.send(new ProducerRecord<>("linked", 0, "k", "v")),
                    producer.send(new ProducerRecord<>("linked", 1, "k", "v")),
                    producer.send(new ProducerRecord<>("linked", 2, "k", "v")));
            assertThat(unanswered)
                    .allSatisfy(sent -> assertThatThrownBy(() -> sent.get(200, TimeUnit.MILLISECONDS))
                            .isInstanceOf(TimeoutException.class));

            servers.restore();

            assertThat(unanswered).allSatisfy(sent -> assertThat(sent).succeedsWithin(Patience.LIMIT));
        }
    }
}
