// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.consumers;

import static org.awaitility.Awaitility.await;

import com.sun.management.OperatingSystemMXBean;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.tidemark.consumers.Event;
import io.tidemark.consumers.Projection;
import io.tidemark.consumers.ProjectionRunner;
import io.tidemark.consumers.RunnerConfig;
import java.lang.management.ManagementFactory;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * How fast a projection applies single rows, event by event and in batches, compared with a hand-written loop that
 * applies at least once. Prints figures, without assertions. Not in {@code mvn verify}: docs/benchmarks.md has the
 * command.
 */
class ApplySpeedBenchmark {

    private static final int EVENTS = Integer.getInteger("apply.events", 200_000);
    private static final int ROUNDS = Integer.getInteger("apply.rounds", 5);
    private static final int WORKERS = Integer.getInteger("apply.workers", 1);
    private static final int BATCH = 1000;
    private static final int PARTITIONS = 3;
    private static final String INSERT =
            "insert into applied (event_id, kafka_partition, kafka_offset, payload) values (?, ?, ?, ?)";

    /** One method to apply everything in the topic. */
    private interface Contestant {

        /** @param group a group that has not read anything */
        Speed apply(ProjectionWorld world, HikariDataSource database, String group) throws Exception;
    }

    /**
     * The result of one run, without the time to join the group.
     *
     * @param cpuSecondsAMillion CPU time of this process per million events: fetching, handler, driver, garbage
     *     collection
     */
    record Speed(double eventsASecond, double cpuSecondsAMillion) {}

    @Test
    void rowsPerSecond() throws Exception {
        Map<String, Contestant> contestants = new LinkedHashMap<>();
        contestants.put("EventHandler, a statement for each event", ApplySpeedBenchmark::eventByEvent);
        contestants.put("BatchHandler, JDBC batches", ApplySpeedBenchmark::inBatches);
        contestants.put("by hand, JDBC batches, at least once", HandWrittenLoop::apply);
        try (ProjectionWorld world = ProjectionWorld.create("speed", PARTITIONS)) {
            publish(world);
            Map<String, List<Speed>> speeds = new LinkedHashMap<>();
            for (int round = 0; round <= ROUNDS; round++) {
                for (Map.Entry<String, Contestant> contestant : contestants.entrySet()) {
                    Speed speed = run(world, contestant.getValue(), speeds.size() + "-" + round);
                    if (round > 0) { // the first one warms up
                        speeds.computeIfAbsent(contestant.getKey(), name -> new ArrayList<>())
                                .add(speed);
                    }
                }
            }
            speeds.forEach(ApplySpeedBenchmark::report);
        }
    }

    private static void publish(ProjectionWorld world) throws Exception {
        String payload = "x".repeat(500);
        for (int published = 0; published < EVENTS; published += BATCH) {
            world.publish(BATCH, payload);
        }
    }

    private static Speed run(ProjectionWorld world, Contestant contestant, String number) throws Exception {
        world.execute("truncate applied");
        HikariConfig pool = new HikariConfig();
        pool.setJdbcUrl(world.url() + "?reWriteBatchedInserts=true");
        pool.setUsername(world.servers().user());
        pool.setPassword(world.servers().password());
        pool.setMaximumPoolSize(WORKERS + 1);
        try (HikariDataSource database = new HikariDataSource(pool)) {
            Speed speed = contestant.apply(world, database, world.name() + "-" + number + "-" + System.nanoTime());
            int applied = Integer.parseInt(world.query("select count(*) from applied"));
            if (applied < EVENTS) {
                throw new AssertionError("applied " + applied + " of " + EVENTS + " events");
            }
            return speed;
        }
    }

    private static void report(String name, List<Speed> speeds) {
        System.out.printf(
                Locale.ROOT,
                "ApplySpeedBenchmark | %s | %d worker(s) | median %.0f events/s (%.0f to %.0f) | %.1f CPU s a"
                        + " million%n",
                name,
                WORKERS,
                median(speeds.stream().map(Speed::eventsASecond).toList()),
                speeds.stream().mapToDouble(Speed::eventsASecond).min().orElseThrow(),
                speeds.stream().mapToDouble(Speed::eventsASecond).max().orElseThrow(),
                median(speeds.stream().map(Speed::cpuSecondsAMillion).toList()));
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    private static Speed eventByEvent(ProjectionWorld world, HikariDataSource database, String group) throws Exception {
        return run(world, database, Projection.of(group, List.of(world.topic()), AppliedLog::apply));
    }

    private static Speed inBatches(ProjectionWorld world, HikariDataSource database, String group) throws Exception {
        return run(world, database, Projection.ofBatches(group, List.of(world.topic()), ApplySpeedBenchmark::insert));
    }

    private static Speed run(ProjectionWorld world, HikariDataSource database, Projection projection)
            throws InterruptedException {
        RunnerConfig config = RunnerConfig.of(database, ProjectionWorld.kafkaProperties(world.bootstrapServers()))
                .workers(WORKERS);
        try (ProjectionRunner runner = ProjectionRunner.start(projection.maxBatch(BATCH), config)) {
            return measure(() -> runner.snapshot().applied());
        }
    }

    /** From the first event that is applied to the last. */
    static Speed measure(Counter applied) {
        long first = until(applied, 1);
        long sinceNanos = System.nanoTime();
        long sinceCpu = cpuNanos();
        long last = until(applied, EVENTS);
        double seconds = (System.nanoTime() - sinceNanos) / 1e9;
        return new Speed((last - first) / seconds, (cpuNanos() - sinceCpu) / 1e9 / (last - first) * 1e6);
    }

    /** Number of events applied so far. */
    interface Counter {
        long count();
    }

    private static long until(Counter applied, long count) {
        return await().atMost(Duration.ofMinutes(10))
                .pollDelay(Duration.ZERO)
                .pollInterval(5, TimeUnit.MILLISECONDS)
                .until(applied::count, reached -> reached >= count);
    }

    private static long cpuNanos() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
    }

    /** One JDBC batch for all of them. */
    static void insert(List<Event> events, Connection connection) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
            for (Event event : events) {
                insert.setObject(1, event.id());
                insert.setInt(2, event.partition());
                insert.setLong(3, event.offset());
                insert.setString(4, event.text());
                insert.addBatch();
            }
            insert.executeBatch();
        }
    }
}
