// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.GroupConsumer;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.SelfSigned;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.Tokens;
import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.watermark.Answer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.SocketFactory;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Waits during other events: stops, disconnects, takeovers and new partitions. */
class WaitingIT {

    private TestSource source;

    @BeforeEach
    void create() throws Exception {
        source = TestSource.create("waiting");
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    private record Written(String id, String token) {}

    private Written write(String aggregateId) throws Exception {
        try (Connection connection = source.connect()) {
            String id = new OutboxWriter()
                    .publish(connection, OutboxEvent.of("order", aggregateId, "t", "x"))
                    .toString();
            return new Written(id, Tokens.current(connection).toString());
        }
    }

    private static void awaitServing(RelayProcess relay) {
        await().ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> relay.send("/v1/projections").statusCode() == 200);
    }

    private static CompletableFuture<HttpResponse<String>> ask(RelayProcess relay, Written written) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return relay.send("/v1/projections/view/watermark?wait=25s&token=" + written.token());
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @Test
    void answersWaitsWhenTheRelayStops() throws Exception {
        try (RelayProcess relay = RelayProcess.start(source).awaitRunning()) {
            awaitServing(relay);
            CompletableFuture<HttpResponse<String>> waiting = ask(relay, write("1"));
            await().until(() ->
                    !relay.get("/v1/projections/view").path("behind").isEmpty());

            relay.requestStop();

            HttpResponse<String> answer = waiting.get(20, TimeUnit.SECONDS);
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(503);
            assertThat(answer.headers().firstValue("Retry-After")).isPresent();
        }
    }

    private static Socket connect(RelayProcess relay) throws IOException {
        return new Socket(
                InetAddress.getLoopbackAddress(), URI.create(relay.url()).getPort());
    }

    private static void send(Socket client, String request, String body, String... headers) throws IOException {
        List<String> lines = new ArrayList<>(List.of(request + " HTTP/1.1", "Host: localhost"));
        lines.addAll(List.of(headers));
        client.getOutputStream()
                .write((String.join("\r\n", lines) + "\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII));
    }

    private static void awaitMetric(RelayProcess relay, String line) {
        await(line).until(relay::metrics, text -> text.contains("\n" + line + "\n"));
    }

    /** Closes some of the connections with a reset. */
    private static void leave(List<Socket> clients) throws IOException {
        for (int i = 0; i < clients.size(); i++) {
            clients.get(i).setSoLinger(i % 3 == 0, 0);
            clients.get(i).close();
        }
    }

    /** The group has no consumer, so the requests would wait until their timeout. */
    @Test
    void endsWaitsOfDisconnectedClients() throws Exception {
        try (RelayProcess relay = RelayProcess.start(source).awaitRunning()) {
            awaitServing(relay);
            String token = write("1").token();
            String path = "/v1/projections/view/watermark?wait=25s&token=" + token;
            String body = "{\"token\": \"" + token + "\", \"wait\": \"25s\"}";
            List<Socket> clients = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                Socket asksForOne = connect(relay);
                send(asksForOne, "GET " + path, "");
                Socket asksForAll = connect(relay);
                send(asksForAll, "POST /v1/wait", body, "Content-Length: " + body.length());
                clients.addAll(List.of(asksForOne, asksForAll));
            }
            awaitMetric(relay, "tidemark_waiting_requests 20.0");

            leave(clients);

            awaitMetric(relay, "tidemark_wait_requests_total{outcome=\"gone\",projection=\"view\"} 10.0");
            awaitMetric(relay, "tidemark_wait_requests_total{outcome=\"gone\",projection=\"several\"} 10.0");
            awaitMetric(relay, "tidemark_waiting_requests 0.0");
            assertThat(relay.output()).doesNotContain("\tat ");
        }
    }

    @Test
    void endsWaitsOfDisconnectedClientsOverTls() throws Exception {
        int port = FreePorts.next();
        SelfSigned certificate = SelfSigned.in(source.dir());
        try (RelayProcess relay =
                RelayProcess.startWithTls(source, certificate, port).awaitRunning()) {
            awaitServing(relay);
            String wait = "/v1/projections/view/watermark?strict=false&wait=25s&token="
                    + write("1").token();
            SocketFactory sockets = certificate.trustingIt().getSocketFactory();
            List<Socket> clients = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                Socket client = sockets.createSocket(InetAddress.getLoopbackAddress(), port);
                send(client, "GET " + wait, "");
                clients.add(client);
            }
            awaitMetric(relay, "tidemark_waiting_requests 6.0");

            leave(clients);

            awaitMetric(relay, "tidemark_wait_requests_total{outcome=\"gone\",projection=\"view\"} 6.0");
            awaitMetric(relay, "tidemark_waiting_requests 0.0");
            try (Socket client = sockets.createSocket(InetAddress.getLoopbackAddress(), port)) {
                send(client, "GET " + wait.replace("25s", "2s"), "");
                awaitMetric(relay, "tidemark_waiting_requests 1.0");
                send(client, "GET /v1/tokens/ahead", "", "Connection: close");
                assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                        .containsSubsequence("HTTP/1.1 200", "\"status\":\"timeout\"", "HTTP/1.1 400", "ahead");
            }
            assertThat(relay.output()).doesNotContain("\tat ");
        }
    }

    @Test
    void answersPipelinedRequestsInOrder() throws Exception {
        try (RelayProcess relay = RelayProcess.start(source).awaitRunning()) {
            awaitServing(relay);
            String token = write("1").token();
            String wait = "/v1/projections/view/watermark?strict=false&wait=2s&token=" + token;

            try (Socket client = connect(relay)) {
                send(client, "GET " + wait, "");
                send(client, "GET /v1/tokens/first", "");
                awaitMetric(relay, "tidemark_waiting_requests 1.0");
                send(client, "GET /v1/tokens/second", "");
                send(client, "GET " + wait, "");
                send(client, "GET /v1/tokens/third", "", "Connection: close");

                assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                        .containsSubsequence(
                                "HTTP/1.1 200",
                                "\"status\":\"timeout\"",
                                "HTTP/1.1 400",
                                "first",
                                "HTTP/1.1 400",
                                "second",
                                "HTTP/1.1 200",
                                "\"status\":\"timeout\"",
                                "HTTP/1.1 400",
                                "third");
            }
        }
    }

    @Test
    void standbyAnswersWhileTheActiveReplicaDies() throws Exception {
        try (RelayProcess active = RelayProcess.start(source).awaitRunning();
                RelayProcess standby = RelayProcess.start(source).awaitState("standby");
                GroupConsumer group = GroupConsumer.start(source, 0)) {
            awaitServing(standby);
            active.kill();

            Written written = write("1");

            await().untilAsserted(() -> {
                HttpResponse<String> answer = ask(standby, written).get();
                assertThat(answer.statusCode()).as(answer.body()).isIn(200, 412, 503);
                assertThat(answer.body()).contains("\"success\"");
                assertThat(group.processedNanos()).containsKey(written.id());
            });
        }
    }

    @Test
    void includesPartitionsThatAreAddedMeanwhile() throws Exception {
        Path config = source.configFile();
        Files.writeString( // otherwise the producer refreshes only every five minutes
                config,
                Files.readString(config)
                        .replace("  topics: {", "  properties: {metadata.max.age.ms: \"500\"}\n  topics: {"));
        try (RunningRelay relay = RunningRelay.startAndAwait(ConfigurationFile.read(config));
                GroupConsumer group = GroupConsumer.start(source, 0);
                Admin admin = Admin.create(
                        Map.of("bootstrap.servers", source.servers().bootstrapServers()))) {
            assertThat(isSeen(relay, write("1"), group)).isTrue();
            admin.createPartitions(Map.of(source.topic("order"), NewPartitions.increaseTo(12)))
                    .all()
                    .get();

            await().until(() -> {
                for (int i = 0; i < 20; i++) {
                    isSeen(relay, write("agg-" + i), group);
                }
                return TopicReader.readAll(source.servers(), source.topic("order")).stream()
                        .anyMatch(event -> event.partition() >= 3);
            });
            assertThat(isSeen(relay, write("last"), group)).isTrue();
        }
    }

    /** Whether the answer is success; then the event has been processed. */
    private static boolean isSeen(RunningRelay relay, Written written, GroupConsumer group) throws Exception {
        Answer answer = relay.relay()
                .watermarks()
                .ask("view", Token.parse(written.token()), 20_000)
                .get(60, TimeUnit.SECONDS);
        if (answer instanceof Answer.Success) {
            assertThat(group.processedNanos()).containsKey(written.id());
        }
        return answer instanceof Answer.Success;
    }

    /** The default of most clients in most languages. */
    @Test
    void worksWithAConsumerWithAutoCommit() throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        Map<String, Object> config = Map.of(
                ConsumerConfig.GROUP_ID_CONFIG,
                source.name() + "-view",
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                true,
                ConsumerConfig.AUTO_COMMIT_INTERVAL_MS_CONFIG,
                300);
        Thread consuming = new Thread(() -> {
            try (KafkaConsumer<byte[], byte[]> consumer = TopicReader.consumer(source.servers(), config)) {
                consumer.subscribe(List.of(source.topic("order")));
                while (!done.get()) {
                    consumer.poll(Duration.ofMillis(50));
                }
            }
        });
        try (RelayProcess relay = RelayProcess.start(source).awaitRunning()) {
            awaitServing(relay);
            Written first = write("1");
            consuming.start();

            assertThat(ask(relay, first).get().body()).contains("\"success\"");
            for (int i = 0; i < 3; i++) {
                assertThat(ask(relay, write("1")).get().body()).contains("\"success\"");
            }
        } finally {
            done.set(true);
            consuming.join();
        }
    }
}
