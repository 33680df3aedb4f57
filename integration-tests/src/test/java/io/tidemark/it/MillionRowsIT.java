// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.EventHeaders;
import io.tidemark.outbox.Position;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/**
 * One transaction of very many rows through a relay with {@code -Xmx256m}. Each record is checked when it is read, and
 * not kept: id, key, value and ordinal of every event follow from its number.
 */
class MillionRowsIT {

    private static final int EVENTS = Integer.getInteger("large.events", 50_000);
    /** Small, because with production limits so few rows would not use a file. */
    private static final String LIMITS = EVENTS < 200_000 ? "limits: {transactionBytes: 8MiB}" : "limits: {}";

    private static final String FILLER = "x".repeat(200);
    /** After this time without a new event, no more are expected. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** The records read so far; each is checked when it arrives. */
    private static final class Read {

        private final BitSet numbers = new BitSet(EVENTS);
        private final Map<Integer, Integer> lastOrdinal = new HashMap<>();
        private final Set<String> positionsWithoutOrdinal = new HashSet<>();
        private final Set<String> parts = new HashSet<>();

        void add(ConsumerRecord<byte[], byte[]> record) {
            String id = header(record, EventHeaders.ID);
            int number = Integer.parseInt(id.substring(id.length() - 12), 16);
            assertThat(numbers.get(number)).as("read twice: %s", number).isFalse();
            numbers.set(number);
            assertThat(number).isBetween(1, EVENTS);
            assertThat(new String(record.key(), StandardCharsets.UTF_8)).isEqualTo("agg-" + number % 1000);
            assertThat(new String(record.value(), StandardCharsets.UTF_8)).isEqualTo(number + FILLER);
            Position position = Position.parse(header(record, EventHeaders.POSITION));
            assertThat(position.ordinal()).as("ordinal of %s", number).isEqualTo(number - 1);
            positionsWithoutOrdinal.add(position.timeline() + " " + position.commitLsn());
            Integer previous = lastOrdinal.put(record.partition(), position.ordinal());
            assertThat(previous == null || previous < position.ordinal()).isTrue();
            parts.add(header(record, EventHeaders.SPLIT));
        }

        private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
            return new String(
                    Objects.requireNonNull(record.headers().lastHeader(name)).value(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void areAllPublishedByASmallRelay() throws Exception {
        try (TestSource source = TestSource.create("million");
                RelayProcess relay = RelayProcess.start(source, LIMITS)) {
            relay.awaitRunning();
            long start = System.nanoTime();
            source.execute("insert into outbox.event (id, aggregate_type, aggregate_id, event_type, payload)"
                    + " select ('00000000-0000-0000-0000-' || lpad(to_hex(n), 12, '0'))::uuid, 'order', 'agg-' || n %"
                    + " 1000, 'bulk', n || repeat('x', 200) from generate_series(1, " + EVENTS + ") n");
            long committed = System.nanoTime();

            Read read = new Read();
            long spilled = readAll(source, relay, read);

            long published = System.nanoTime();
            System.out.printf(
                    "MillionRowsIT: events=%d parts=%d insertedMillis=%d publishedMillis=%d spillBytes=%d relayPeakRss=%s%n",
                    EVENTS,
                    read.parts.size(),
                    TimeUnit.NANOSECONDS.toMillis(committed - start),
                    TimeUnit.NANOSECONDS.toMillis(published - committed),
                    spilled,
                    peakRss(relay.pid()));
            assertThat(read.numbers.cardinality()).isEqualTo(EVENTS);
            assertThat(read.positionsWithoutOrdinal).as("one commit LSN").hasSize(1);
            assertThat(read.parts).hasSizeGreaterThan(1);
            assertThat(relay.output())
                    .as("one run, without halt, stall or retry")
                    .containsOnlyOnce("event=state state=running")
                    .doesNotContain("state=retrying", "state=halted", "event=loop-stalled");
        }
    }

    /** Returns the size of the largest spill file. */
    private static long readAll(TestSource source, RelayProcess relay, Read read)
            throws IOException, InterruptedException {
        long spilled = 0;
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        List<TopicPartition> partitions = Stream.of(0, 1, 2)
                .map(partition -> new TopicPartition(source.topic("order"), partition))
                .toList();
        try (KafkaConsumer<byte[], byte[]> consumer = TopicReader.consumer(source.servers(), Map.of())) {
            consumer.assign(partitions);
            while (read.numbers.cardinality() < EVENTS && System.nanoTime() < deadline) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    read.add(record);
                    deadline = System.nanoTime() + PATIENCE.toNanos();
                }
                spilled = Math.max(spilled, spillBytes(relay.pid()));
                assertThat(relay.state()).as("health").isIn("running", "away"); // away: too busy to answer in time
            }
            consumer.poll(Duration.ofSeconds(1)).forEach(read::add); // one more record would be noticed
        }
        return spilled;
    }

    /** The size of the deleted spill file; 0 on systems without {@code /proc}. */
    private static long spillBytes(long pid) throws IOException {
        Path open = Path.of("/proc/" + pid + "/fd");
        long bytes = 0;
        if (Files.isReadable(open)) {
            try (Stream<Path> files = Files.list(open)) {
                for (Path file : files.toList()) {
                    bytes += spillSize(file);
                }
            }
        }
        return bytes;
    }

    private static long spillSize(Path file) throws IOException {
        try {
            return Files.readSymbolicLink(file).toString().contains(".spill") ? Files.size(file) : 0;
        } catch (NoSuchFileException e) {
            return 0; // closed since it was listed
        }
    }

    private static String peakRss(long pid) throws IOException {
        Path status = Path.of("/proc/" + pid + "/status");
        if (!Files.isReadable(status)) {
            return "unknown";
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .map(line -> line.replaceFirst("VmHWM:\\s*", ""))
                .findFirst()
                .orElse("unknown");
    }
}
