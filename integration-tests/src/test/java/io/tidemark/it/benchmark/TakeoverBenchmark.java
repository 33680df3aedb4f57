// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.benchmark;

import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.quickstart.relay.RelayChild;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/**
 * How long events stand still when the active relay is killed: from the kill until an event that was written at that
 * moment can be read, and the stages in the log of the relay that takes over. {@code -Dtakeover.rounds}.
 */
class TakeoverBenchmark {

    private static final int ROUNDS = Integer.getInteger("takeover.rounds", 5);
    private static final int PARTITIONS = 3;
    /** The relay that was killed is a standby again, and has read the index. */
    private static final long REST_SECONDS = 5;

    @Test
    void afterAKill() throws Exception {
        List<String> options = new ArrayList<>(RelayChild.JVM_OPTIONS);
        options.add("-XX:TieredStopAtLevel=4");
        RelayProcess.Launch launch = new RelayProcess.Launch(options, Map.of());
        try (TestSource source = TestSource.create("takeoverbench")) {
            source.makeTopic("order");
            try (RelayProcess first =
                            RelayProcess.start(source, source.servers(), launch).awaitRunning();
                    RelayProcess second = RelayProcess.start(source, source.servers(), launch);
                    KafkaConsumer<byte[], byte[]> reader = TopicReader.consumer(source.servers(), Map.of())) {
                List<TopicPartition> partitions = new ArrayList<>();
                for (int i = 0; i < PARTITIONS; i++) {
                    partitions.add(new TopicPartition(source.topic("order"), i));
                }
                reader.assign(partitions);
                reader.seekToBeginning(partitions);
                List<Long> all = new ArrayList<>();
                for (int round = 1; round <= ROUNDS; round++) {
                    RelayProcess active = round % 2 == 1 ? first : second;
                    RelayProcess standby = round % 2 == 1 ? second : first;
                    standby.awaitState("standby");
                    millisUntilReadable(source, reader);
                    TimeUnit.SECONDS.sleep(REST_SECONDS);
                    int linesBefore = (int) standby.output().lines().count();

                    active.kill();
                    long millis = millisUntilReadable(source, reader);

                    all.add(millis);
                    System.out.println("TakeoverBenchmark: readable after " + millis + " ms; "
                            + standby.output()
                                    .lines()
                                    .skip(linesBefore)
                                    .filter(line -> line.contains("event=streaming"))
                                    .findFirst()
                                    .orElse("no stages in its log"));
                    active.restart();
                    standby.awaitRunning();
                }
                all.sort(null);
                System.out.println("TakeoverBenchmark: median " + all.get(all.size() / 2) + " ms of " + all);
            }
        }
    }

    private static long millisUntilReadable(TestSource source, KafkaConsumer<byte[], byte[]> reader) throws Exception {
        long fromNanos = System.nanoTime();
        source.execute("select outbox.publish('order', '1', 't', 'x')");
        await("the event")
                .pollInterval(Duration.ofMillis(1))
                .until(() -> !reader.poll(Duration.ofMillis(100)).isEmpty());
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - fromNanos);
    }
}
