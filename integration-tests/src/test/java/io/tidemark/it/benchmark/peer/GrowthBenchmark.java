// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.benchmark.peer;

import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.quickstart.measure.ProcessUsage;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/**
 * What a drain costs as one thing grows: partitions, aggregate types, payload, projections that are asked. The second
 * half of the backlog counts. Prints a table. {@code -Dgrowth.events} (of 500 bytes), {@code -Dgrowth.only} (partitions,
 * types, payload or projections). With {@code -Dkafka.heap=1g}: in its usual 256 MB, a broker with thousands of
 * partitions does little but collect garbage.
 */
class GrowthBenchmark {

    private static final int EVENTS = Integer.getInteger("growth.events", 200_000);
    private static final String ONLY = System.getProperty("growth.only", "");
    private static final int PAYLOAD_BYTES = 500;
    private static final int PARTITIONS = 3;
    private static final int WAIT_MILLIS = 1000;
    private static final long LOOK_MILLIS = 5;
    /** Events of 100 KB are fewer: the database and the broker share one disk. */
    private static final long BACKLOG_BYTES = 500_000_000;

    /** A line of the table. */
    private record Case(String grows, int value, int types, int partitions, int payloadBytes, int projections) {

        int events() {
            return (int) Math.min(EVENTS, BACKLOG_BYTES / payloadBytes);
        }
    }

    private static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (int partitions : List.of(12, 120, 1200)) {
            cases.add(new Case("partitions", partitions, 1, partitions, PAYLOAD_BYTES, 1));
        }
        for (int types : List.of(1, 100, 1000)) {
            cases.add(new Case("types", types, types, PARTITIONS, PAYLOAD_BYTES, 1));
        }
        for (int bytes : List.of(100, 500, 5_000, 100_000)) {
            cases.add(new Case("payload", bytes, 1, PARTITIONS, bytes, 1));
        }
        for (int projections : List.of(1, 100, 1000)) {
            cases.add(new Case("projections", projections, 1, PARTITIONS, PAYLOAD_BYTES, projections));
        }
        cases.removeIf(one -> !one.grows().startsWith(ONLY));
        return cases;
    }

    @Test
    void asOneThingGrows() throws Exception {
        StringBuilder table = new StringBuilder(
                        "| grows | to | events/s | MB/s | CPU s per million | peak RSS, MB | answers/s |\n")
                .append("| --- ".repeat(7))
                .append("|\n");
        for (Case one : cases()) {
            table.append(measure(one));
            System.out.println("GrowthBenchmark: " + one);
        }
        System.out.println("GrowthBenchmark:\n\n" + table);
    }

    private static String measure(Case one) throws Exception {
        try (TestSource source = TestSource.create("growth")) {
            source.makeTopics(OutboxTable.types(one.types()), one.partitions());
            OutboxTable.fill(source, OutboxTable.INSERT_OWN, one.types(), one.events(), 1, one.payloadBytes());
            String yaml = projections(source, one.projections());
            RelayProcess relay = RelayProcess.startEdited(
                    source,
                    source.servers(),
                    TidemarkPeer.launch(System.getProperty("peers.jvm", "")),
                    config -> config.replaceFirst("(?m)^projections:\\n.*$", yaml));
            try (Peer.Running running = TidemarkPeer.run(source, relay);
                    Askers askers = Askers.start(
                            relay, one.projections(), source.token().toString())) {
                await(running, one.events() / 2);
                long fromNanos = System.nanoTime();
                long fromCount = running.arrived();
                long fromAnswers = askers.answers();
                double fromCpu = cpuSeconds(running);
                await(running, one.events());
                double seconds = (System.nanoTime() - fromNanos) / 1e9;
                long events = one.events() - fromCount;
                return String.format(
                        Locale.ROOT,
                        "| %s | %,d | %,.0f | %,.1f | %.1f | %,.0f | %,.0f |%n",
                        one.grows(),
                        one.value(),
                        events / seconds,
                        events / seconds * one.payloadBytes() / 1e6,
                        (cpuSeconds(running) - fromCpu) * 1e6 / events,
                        ProcessUsage.peakResidentBytes(running.pid()).orElse(0) / 1e6,
                        (askers.answers() - fromAnswers) / seconds);
            }
        }
    }

    private static double cpuSeconds(Peer.Running running) {
        return ProcessUsage.cpu(running.pid()).orElseThrow().toNanos() / 1e9;
    }

    private static void await(Peer.Running running, long events) throws InterruptedException {
        while (running.arrived() < events) {
            running.checkAlive();
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
    }

    /** Each has a group that has committed the beginning, and is behind from then on. */
    private static String projections(TestSource source, int count) throws Exception {
        StringBuilder yaml = new StringBuilder("projections:");
        try (Admin admin =
                Admin.create(Map.of("bootstrap.servers", source.servers().bootstrapServers()))) {
            String topic = source.topic(OutboxTable.AGGREGATE_TYPE);
            Map<TopicPartition, OffsetAndMetadata> beginning =
                    Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(0));
            for (int i = 0; i < count; i++) {
                String group = source.name() + "-" + i;
                admin.alterConsumerGroupOffsets(group, beginning).all().get(30, TimeUnit.SECONDS);
                yaml.append("\n  - {name: p")
                        .append(i)
                        .append(", group: ")
                        .append(group)
                        .append(", topics: [")
                        .append(topic)
                        .append("]}");
            }
        }
        return yaml.toString();
    }

    /** For each projection one reader, which waits a second, and asks again. */
    private static final class Askers implements AutoCloseable {

        private final HttpClient http =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        private final AtomicLong answers = new AtomicLong();
        private volatile boolean closing;

        static Askers start(RelayProcess relay, int projections, String token) {
            Askers askers = new Askers();
            for (int i = 0; i < projections; i++) {
                askers.ask(HttpRequest.newBuilder(URI.create(relay.url() + "/v1/projections/p" + i
                                + "/watermark?strict=false&waitMillis=" + WAIT_MILLIS + "&token=" + token))
                        .build());
            }
            return askers;
        }

        @SuppressWarnings("FutureReturnValueIgnored") // each answer, or failure, leads to the next question
        private void ask(HttpRequest request) {
            http.sendAsync(request, HttpResponse.BodyHandlers.discarding()).whenComplete((answer, failure) -> {
                if (failure == null) {
                    answers.incrementAndGet();
                }
                if (!closing) {
                    CompletableFuture.delayedExecutor(failure == null ? 0 : WAIT_MILLIS, TimeUnit.MILLISECONDS)
                            .execute(() -> ask(request));
                }
            });
        }

        long answers() {
            return answers.get();
        }

        @Override
        public void close() {
            closing = true;
        }
    }
}
