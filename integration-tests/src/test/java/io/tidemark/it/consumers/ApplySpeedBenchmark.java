package io.tidemark.it.consumers;

import static org.awaitility.Awaitility.await;

import io.tidemark.consumers.projection.Event;
import io.tidemark.consumers.projection.Projection;
import io.tidemark.consumers.projection.ProjectionRunner;
import io.tidemark.consumers.projection.RunnerConfig;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** How fast a projection applies; prints, decides nothing. Not in {@code mvn verify}: docs/consumers.md has the command. */
class ApplySpeedBenchmark {

    private static final int EVENTS = Integer.getInteger("apply.events", 200_000);
    private static final int PER_TRANSACTION = 1000;

    @Test
    void rowsPerSecond() throws Exception {
        try (ProjectionWorld world = ProjectionWorld.create("speed", 3)) {
            String payload = "x".repeat(500);
            for (int published = 0; published < EVENTS; published += PER_TRANSACTION) {
                world.publish(PER_TRANSACTION, payload);
            }
            Projection projection = Projection.ofBatches(
                            world.name(), List.of(world.topic()), ApplySpeedBenchmark::insert)
                    .maxBatch(PER_TRANSACTION);
            DataSource database = world.database(world.url() + "?reWriteBatchedInserts=true");
            Map<String, Object> kafka = ProjectionWorld.kafkaProperties(world.bootstrapServers());
            long since = System.nanoTime();
            try (ProjectionRunner runner = ProjectionRunner.start(projection, RunnerConfig.of(database, kafka))) {
                await().atMost(Duration.ofMinutes(10))
                        .pollInterval(Duration.ofMillis(10))
                        .until(() -> runner.snapshot().applied() >= EVENTS);
                double seconds = (System.nanoTime() - since) / 1e9;
                System.out.printf(
                        "applied %d events in %.1f s, joining the group included: %.0f a second%n",
                        EVENTS, seconds, EVENTS / seconds);
            }
        }
    }

    private static void insert(List<Event> events, Connection connection) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(
                "insert into applied (event_id, kafka_partition, kafka_offset, payload) values (?, ?, ?, ?)")) {
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
