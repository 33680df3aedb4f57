// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.benchmark;

import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/**
 * The cost of an event for its writer, with and without a row. Prints figures, without assertions. Not in
 * {@code mvn verify}:
 * docs/benchmarks.md has the command.
 */
class WriterSpeedBenchmark {

    private static final int TRANSACTIONS = Integer.getInteger("writer.transactions", 4_000);
    private static final int ROUNDS = Integer.getInteger("writer.rounds", 5);

    private static final OutboxEvent EVENT = OutboxEvent.of("order", "agg-1", "OrderPlaced", "x".repeat(500));

    private final OutboxWriter writer = new OutboxWriter();

    private interface Write {
        void run(Connection connection, OutboxEvent event) throws SQLException;
    }

    private record Cost(double eventsPerSecond, double walBytesPerEvent) {}

    /** The two alternate, so that other load of the machine affects both. Prints the medians. */
    @Test
    void publishAndEmit() throws Exception {
        for (int events : List.of(1, 100)) {
            for (String synchronousCommit : List.of("on", "off")) {
                compare(events, synchronousCommit);
            }
        }
    }

    private void compare(int events, String synchronousCommit) throws Exception {
        try (TestSource source = TestSource.create("writers")) {
            List<Cost> published = new ArrayList<>();
            List<Cost> emitted = new ArrayList<>();
            for (int round = -1; round < ROUNDS; round++) {
                Cost publish = measure(source, writer::publish, events, synchronousCommit);
                Cost emit = measure(source, writer::emit, events, synchronousCommit);
                if (round >= 0) { // the first is for warming up
                    published.add(publish);
                    emitted.add(emit);
                }
            }
            print("publish", events, synchronousCommit, published);
            print("emit", events, synchronousCommit, emitted);
        }
    }

    private static Cost measure(TestSource source, Write write, int events, String synchronousCommit)
            throws SQLException {
        int transactions = Math.max(TRANSACTIONS / events, 20);
        try (Connection connection = source.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("set synchronous_commit = " + synchronousCommit);
            statement.execute("checkpoint"); // so that both write full pages
            connection.setAutoCommit(false);
            String before = source.query("select pg_current_wal_insert_lsn()");
            long since = System.nanoTime();
            for (int i = 0; i < transactions; i++) {
                for (int event = 0; event < events; event++) {
                    write.run(connection, EVENT);
                }
                connection.commit();
            }
            double seconds = (System.nanoTime() - since) / 1e9;
            double bytes =
                    Double.parseDouble(source.query("select pg_current_wal_insert_lsn() - '" + before + "'::pg_lsn"));
            double count = (double) transactions * events;
            return new Cost(count / seconds, bytes / count);
        }
    }

    private static void print(String what, int events, String synchronousCommit, List<Cost> costs) {
        System.out.printf(
                Locale.ROOT,
                "WriterSpeedBenchmark: %s, %d a transaction, synchronous_commit=%s: %.0f events/s, %.0f bytes of WAL an"
                        + " event%n",
                what,
                events,
                synchronousCommit,
                median(costs.stream().map(Cost::eventsPerSecond).toList()),
                median(costs.stream().map(Cost::walBytesPerEvent).toList()));
    }

    private static double median(List<Double> values) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return sorted.get(sorted.size() / 2);
    }
}
