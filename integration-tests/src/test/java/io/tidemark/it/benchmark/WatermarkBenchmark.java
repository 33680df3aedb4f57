// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.quickstart.measure.Latencies;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Watermarks of a relay as users run it, with {@code -Xmx256m}, over HTTP. */
class WatermarkBenchmark {

    private static final int STEPS = 500;
    private static final int WAITERS = Integer.getInteger("watermark.waiters", 10_000);
    private static final int TOKENS = Integer.getInteger("watermark.tokens", 1_000);
    /** Warm-up: a relay that has run for a day has compiled its code. */
    private static final int WARM_UP = 2_000;

    private static final int ROUNDS = 5;
    private static final int CONNECTING = 200;
    private static final String[] PATIENT = {"watermark: {maxWait: 10m, maxWaiters: " + (WAITERS + 100) + "}"};

    /** As in production; the tests' own JVMs compile less. */
    private static final RelayProcess.Launch OPTIMISED =
            new RelayProcess.Launch(List.of("-XX:TieredStopAtLevel=4"), Map.of());

    static {
        // the connections of one round must not count against the open files of the next
        System.setProperty("jdk.httpclient.keepalive.timeout", "1");
    }

    private TestSource source;

    @BeforeEach
    void create() throws Exception {
        source = TestSource.create("bench");
        source.makeTopic("order"); // the group subscribes before the first event
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    private static void awaitServing(RelayProcess relay) {
        await().atMost(Duration.ofSeconds(60))
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> relay.send("/v1/projections").statusCode() == 200);
    }

    private static String residentMemory(RelayProcess relay) throws IOException {
        return Files.readString(Path.of("/proc/" + relay.pid() + "/status"))
                .lines()
                .filter(line -> line.startsWith("VmRSS") || line.startsWith("VmHWM") || line.startsWith("Threads"))
                .map(line -> line.replaceAll("\\s+", " "))
                .reduce("", (all, line) -> all + line + "; ");
    }

    /** Requests are parked on five hundred tokens. Each commit of the group releases those of one token. */
    @Test
    void releasesParkedRequests() throws Exception {
        try (RelayProcess relay =
                RelayProcess.start(source, source.servers(), OPTIMISED, PATIENT).awaitRunning()) {
            awaitServing(relay);
            try (KafkaConsumer<byte[], byte[]> member = member()) {
                for (int round = 1; round <= ROUNDS; round++) { // the first warms up
                    List<String> tokens = writeStepByStep();
                    relay.get("/v1/projections/view/watermark?wait=1s&token=" + tokens.get(STEPS - 1));
                    System.out.println(
                            "WatermarkBenchmark: round " + round + ", before anyone waits: " + residentMemory(relay));
                    releaseStepByStep(relay, member, tokens);
                }
            }
        }
    }

    /** For a group without members, the relay would return stopped. */
    private KafkaConsumer<byte[], byte[]> member() {
        Map<String, Object> config = Map.of(
                ConsumerConfig.GROUP_ID_CONFIG, source.name() + "-view", ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1);
        KafkaConsumer<byte[], byte[]> member = TopicReader.consumer(source.servers(), config);
        member.subscribe(List.of(source.topic("order")));
        while (member.assignment().isEmpty()) {
            member.poll(Duration.ofMillis(100));
        }
        member.pause(member.assignment());
        return member;
    }

    /** Writes an event for each step and returns the tokens. */
    private List<String> writeStepByStep() throws Exception {
        List<String> tokens = new ArrayList<>();
        try (Connection connection = source.connect();
                Statement statement = connection.createStatement()) {
            for (int step = 0; step < STEPS; step++) {
                statement.execute("select outbox.publish('order', 'agg-" + step + "', 't', 'x')");
                try (ResultSet row = statement.executeQuery("select outbox.token()")) {
                    row.next();
                    tokens.add(row.getString(1));
                }
            }
        }
        return tokens;
    }

    private void releaseStepByStep(RelayProcess relay, KafkaConsumer<byte[], byte[]> member, List<String> tokens)
            throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Map<TopicPartition, OffsetAndMetadata>> commits = needs(relay, tokens);
            AtomicLong visibleNanos = new AtomicLong(Long.MAX_VALUE);
            Latencies released = new Latencies();
            park(relay, tokens, threads, visibleNanos, released);
            member.poll(Duration.ofMillis(10));
            System.out.println("WatermarkBenchmark: " + WAITERS + " parked: " + residentMemory(relay));
            for (int step = 0; step < STEPS; step++) {
                long expected = (step + 1L) * WAITERS / STEPS;
                visibleNanos.set(Long.MAX_VALUE);
                member.commitSync(commits.get(step));
                visibleNanos.set(System.nanoTime());
                await().atMost(Duration.ofSeconds(60))
                        .pollInterval(Duration.ofMillis(5))
                        .until(() -> released.count() >= expected);
                member.poll(Duration.ofMillis(1));
            }
            System.out.println("WatermarkBenchmark: released after the commit was visible: " + released);
            System.out.println("WatermarkBenchmark: after all: " + residentMemory(relay));
        } finally {
            threads.shutdownNow();
        }
    }

    /** The offset that the group must commit for each token. */
    private List<Map<TopicPartition, OffsetAndMetadata>> needs(RelayProcess relay, List<String> tokens)
            throws Exception {
        List<Map<TopicPartition, OffsetAndMetadata>> commits = new ArrayList<>();
        for (String token : tokens) {
            Map<TopicPartition, OffsetAndMetadata> commit = new HashMap<>();
            for (JsonNode partition : relay.get("/v1/tokens/" + token).at("/projections/0/partitions")) {
                commit.put(
                        new TopicPartition(
                                partition.path("topic").asText(),
                                partition.path("partition").asInt()),
                        new OffsetAndMetadata(partition.path("need").asLong()));
            }
            commits.add(commit);
        }
        return commits;
    }

    /** Returns when every request has been sent and the relay has had time to accept them. */
    private static void park(
            RelayProcess relay,
            List<String> tokens,
            ExecutorService threads,
            AtomicLong visibleNanos,
            Latencies released)
            throws Exception {
        HttpClient http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .executor(threads)
                .build();
        long startedNanos = System.nanoTime();
        for (int waiter = 0; waiter < WAITERS; waiter++) {
            String path = "/v1/projections/view/watermark?wait=9m&token=" + tokens.get(waiter % STEPS);
            if (waiter % CONNECTING == CONNECTING - 1) {
                TimeUnit.MILLISECONDS.sleep(100);
            }
            HttpRequest request =
                    HttpRequest.newBuilder(URI.create(relay.url() + path)).build();
            CompletionStage<HttpResponse<String>> asked = http.sendAsync(request, HttpResponse.BodyHandlers.ofString());
            asked.thenAccept(response -> {
                long now = System.nanoTime();
                if (response.body().contains("\"success\"")) {
                    released.add(now - Math.min(now, visibleNanos.get()));
                } else {
                    System.out.println("WatermarkBenchmark: not released: " + response.body());
                }
            });
        }
        TimeUnit.SECONDS.sleep(5);
        System.out.printf(
                "WatermarkBenchmark: %d requests sent in %.1f s%n",
                WAITERS, (System.nanoTime() - startedNanos) / 1e9 - 5);
    }

    /** Tokens above the published LSN, of an otherwise idle database, one after another. */
    @Test
    void answersForAnIdleDatabase() throws Exception {
        try (RelayProcess active =
                        RelayProcess.start(source, source.servers(), OPTIMISED).awaitRunning();
                RelayProcess standby =
                        RelayProcess.start(source, source.servers(), OPTIMISED).awaitState("standby");
                KafkaConsumer<byte[], byte[]> member = member();
                Connection connection = source.connect();
                Statement statement = connection.createStatement()) {
            assertThat(member.assignment()).as("Kafka knows the group").isNotEmpty();
            awaitServing(active);
            awaitServing(standby);
            statement.execute("create table unrelated (n int)");
            for (RelayProcess relay : List.of(active, standby)) {
                Latencies took = new Latencies();
                for (int i = -WARM_UP; i < TOKENS; i++) {
                    statement.execute("insert into unrelated values (" + i + ")");
                    String token;
                    try (ResultSet row = statement.executeQuery("select outbox.token()")) {
                        row.next();
                        token = row.getString(1);
                    }
                    long askedNanos = System.nanoTime();
                    String answer = relay.send("/v1/projections/view/watermark?wait=10s&token=" + token)
                            .body();
                    long answeredNanos = System.nanoTime();
                    assertThat(answer).contains("\"success\"");
                    if (i >= 0) { // the others warm up
                        took.add(answeredNanos - askedNanos);
                    }
                }
                System.out.println(
                        "WatermarkBenchmark: idle database, " + (relay == active ? "active" : "standby") + ": " + took);
            }
            idle(active, standby);
        }
    }

    /** Resource use without any activity. */
    private void idle(RelayProcess active, RelayProcess standby) throws Exception {
        TimeUnit.SECONDS.sleep(5);
        long[] before = {cpuMillis(active), cpuMillis(standby)};
        long walBefore = walBytes();
        TimeUnit.SECONDS.sleep(60);
        System.out.printf(
                "WatermarkBenchmark: idle for 60 s: active %.2f %% of a core, standby %.2f %%, %d bytes of WAL; active %s%n",
                (cpuMillis(active) - before[0]) / 600.0,
                (cpuMillis(standby) - before[1]) / 600.0,
                walBytes() - walBefore,
                residentMemory(active));
    }

    private long walBytes() throws Exception {
        return Long.parseLong(source.query("select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"));
    }

    private static long cpuMillis(RelayProcess relay) {
        return ProcessHandle.of(relay.pid())
                .flatMap(process -> process.info().totalCpuDuration())
                .orElse(Duration.ZERO)
                .toMillis();
    }
}
