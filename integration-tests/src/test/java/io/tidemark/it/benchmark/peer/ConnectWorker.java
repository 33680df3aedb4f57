// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.benchmark.peer;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.it.harness.TestSource;
import io.tidemark.quickstart.stack.FreePorts;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One worker of Kafka Connect with Debezium's Postgres connector and outbox event router, exactly once, with large
 * batches. Its jars are in a separate directory, which {@code integration-tests/peers} fills.
 */
final class ConnectWorker implements Peer {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration START = Duration.ofMinutes(5);

    private final Path jars;

    ConnectWorker(Path jars) {
        this.jars = jars;
    }

    @Override
    public String name() {
        return "Kafka Connect, exactly once, tuned";
    }

    @Override
    public TestSource create() throws Exception {
        TestSource source = ChildPeer.createTable("connect");
        ChildPeer.createSlot(source);
        return source;
    }

    @Override
    public String insert() {
        return OutboxTable.INSERT_DEBEZIUM;
    }

    @Override
    public Running start(TestSource source) throws Exception {
        int port = FreePorts.next();
        Path properties = source.dir().resolve("connect.properties");
        Path log = source.dir().resolve("connect.log");
        Files.writeString(properties, worker(source, port));
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xms256m", // as connect-distributed.sh
                        "-Xmx2g",
                        "-XX:+UseG1GC",
                        "-cp",
                        jars.resolve("*").toString(),
                        "org.apache.kafka.connect.cli.ConnectDistributed",
                        properties.toString()))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        Thread ended = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(ended);
        Worker worker = new Worker(process, log, Arrivals.start(source), ended);
        try {
            submit(source, port, worker);
        } catch (Exception e) {
            worker.close();
            throw e;
        }
        return worker;
    }

    private static String worker(TestSource source, int port) {
        Map<String, String> worker = new HashMap<>(Map.of(
                "bootstrap.servers",
                source.servers().bootstrapServers(),
                "group.id",
                source.name() + "-connect",
                "listeners",
                "http://127.0.0.1:" + port,
                "exactly.once.source.support",
                "enabled",
                "key.converter",
                "org.apache.kafka.connect.storage.StringConverter",
                "value.converter",
                "org.apache.kafka.connect.storage.StringConverter"));
        for (String topic : List.of("config", "offset", "status")) {
            worker.put(topic + ".storage.topic", source.name() + "-" + topic);
            worker.put(topic + ".storage.replication.factor", "1");
        }
        List<String> lines = new ArrayList<>();
        worker.forEach((key, value) -> lines.add(key + "=" + value));
        return String.join("\n", lines) + "\n";
    }

    private static Map<String, String> connector(TestSource source) {
        URI server = URI.create(source.servers().url(source.name()).substring("jdbc:".length()));
        Map<String, String> connector = new HashMap<>(Map.of(
                "connector.class", "io.debezium.connector.postgresql.PostgresConnector",
                "exactly.once.support", "required",
                "topic.prefix", source.name() + "_connect",
                "database.hostname", server.getHost(),
                "database.port", Integer.toString(server.getPort()),
                "database.dbname", source.name(),
                "database.user", source.servers().user(),
                "database.password", source.servers().password()));
        connector.putAll(Map.of(
                "plugin.name", "pgoutput",
                "slot.name", source.name(),
                "publication.name", source.name(),
                "publication.autocreate.mode", "disabled",
                "table.include.list", "public\\.outboxevent",
                "snapshot.mode", "no_data",
                "max.batch.size", "8192",
                "max.queue.size", "32768",
                "poll.interval.ms", "10",
                "producer.override.linger.ms", "5"));
        connector.putAll(Map.of(
                "producer.override.batch.size",
                "262144",
                "transforms",
                "outbox",
                "transforms.outbox.type",
                "io.debezium.transforms.outbox.EventRouter",
                "transforms.outbox.route.topic.replacement",
                source.name() + ".${routedByValue}",
                "transforms.outbox.table.fields.additional.placement",
                "type:header:eventType"));
        return connector;
    }

    /** Repeats the request until the worker, which takes its time to start, accepts it. */
    private static void submit(TestSource source, int port, Worker worker) throws Exception {
        String body = JSON.writeValueAsString(Map.of("name", "outbox", "config", connector(source)));
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/connectors"))
                .timeout(Duration.ofSeconds(60))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        HttpClient http = HttpClient.newHttpClient();
        long deadline = System.nanoTime() + START.toNanos();
        String last = "no answer";
        while (System.nanoTime() < deadline) {
            worker.checkAlive();
            try {
                HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
                last = response.body();
                if (response.statusCode() == 201 || (response.statusCode() == 409 && last.contains("already exists"))) {
                    return;
                }
            } catch (IOException e) {
                last = e.toString();
            }
            TimeUnit.MILLISECONDS.sleep(250);
        }
        throw new IllegalStateException("Kafka Connect did not accept the connector: " + last + ", log " + worker.log);
    }

    /** Connect, while it runs. */
    private record Worker(Process process, Path log, Arrivals arrivals, Thread ended) implements Running {

        @Override
        public long pid() {
            return process.pid();
        }

        @Override
        public void checkAlive() {
            if (!process.isAlive()) {
                throw new IllegalStateException("Kafka Connect has ended, log " + log);
            }
        }

        @Override
        public long arrived() {
            return arrivals.count();
        }

        @Override
        public @Nullable Arrivals arrivals() {
            return arrivals;
        }

        @Override
        public void close() throws Exception {
            process.destroy();
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
            Runtime.getRuntime().removeShutdownHook(ended);
            arrivals.close();
        }
    }
}
