// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.consumers.BatchHandler;
import io.tidemark.consumers.Event;
import io.tidemark.consumers.EventHandler;
import io.tidemark.consumers.FailurePolicy;
import io.tidemark.consumers.GatedRead;
import io.tidemark.consumers.Projection;
import io.tidemark.consumers.ProjectionRunner;
import io.tidemark.consumers.ProjectionTables;
import io.tidemark.consumers.ReadGate;
import io.tidemark.consumers.RunnerConfig;
import io.tidemark.consumers.RunnerSnapshot.Role;
import io.tidemark.consumers.WatermarkAnswer;
import io.tidemark.consumers.WatermarkClient;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.Tokens;
import io.tidemark.outbox.WatermarkStatus;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The answers of a real relay about projections that have stopped or are being rebuilt. */
class ProjectionStatesIT {

    private static final String POISON = "poison";
    private static final Duration LONG_WAIT = Duration.ofSeconds(25);

    private final OutboxWriter writer = new OutboxWriter();
    private TestSource source;
    private RelayProcess relay;
    private RelayFront front;
    private WatermarkClient client;
    private DataSource database;

    @BeforeEach
    void create() throws Exception {
        source = TestSource.create("states");
        try (Connection connection = source.connect();
                Statement statement = connection.createStatement()) {
            ProjectionTables.create(connection);
            AppliedLog.create(statement);
        }
        String topics = ", topics: [" + source.topic("order") + "]";
        relay = RelayProcess.start(
                        source,
                        "  - {name: impatient, group: " + group() + ", stalledAfter: 2s" + topics + "}",
                        "  - {name: view-g2, group: " + group() + "-g2" + topics + "}")
                .awaitRunning();
        front = new RelayFront(relay);
        client = new WatermarkClient(List.of(front.url()));
        database = ProjectionWorld.dataSource(
                source.servers().url(source.name()),
                source.servers().user(),
                source.servers().password());
    }

    @AfterEach
    void drop() throws Exception {
        front.close();
        relay.close();
        source.close();
    }

    private String group() {
        return source.name() + "-view";
    }

    private ProjectionRunner start(int generation, EventHandler handler) {
        Map<String, Object> kafka =
                new HashMap<>(ProjectionWorld.kafkaProperties(source.servers().bootstrapServers()));
        kafka.put("group.id", group());
        return ProjectionRunner.start(
                Projection.ofGeneration(
                                "view",
                                generation,
                                List.of(source.topic("order")),
                                number -> BatchHandler.each(handler))
                        .onFailure(FailurePolicy.stopAfter(1))
                        .maxBatch(1),
                RunnerConfig.of(database, kafka));
    }

    private Token write(Connection connection, String aggregateId, String payload) throws Exception {
        connection.setAutoCommit(false);
        writer.publish(connection, OutboxEvent.of("order", aggregateId, "OrderPlaced", payload));
        connection.commit();
        Token token = Tokens.current(connection);
        connection.commit();
        return token;
    }

    private void awaitStatus(String projection, Token token, WatermarkStatus status) {
        await(projection + " is " + status)
                .untilAsserted(() -> assertThat(
                                client.await(projection, token, LONG_WAIT).status())
                        .isEqualTo(status));
    }

    private static void applyOrFail(int generation, Event event, Connection connection) throws SQLException {
        if (event.text().equals(POISON)) {
            throw new IllegalArgumentException("cannot digest this");
        }
        AppliedLog.apply(generation, event, connection);
    }

    @Test
    void returnsStalledForTokensThatNeedAStoppedPartition() throws Exception {
        try (Connection connection = source.connect();
                ProjectionRunner runner = start(1, (event, view) -> applyOrFail(1, event, view))) {
            Token before = write(connection, "a", "x");
            awaitStatus(
                    // the first answer may be that the group has no members yet
                    "impatient", before, WatermarkStatus.SUCCESS);

            Token poisoned = write(connection, "a", POISON);
            await().until(() -> runner.snapshot().stoppedPartitions() == 1);
            await("the relay notices").untilAsserted(() -> {
                long sinceNanos = System.nanoTime();
                WatermarkAnswer answer = client.await("impatient", poisoned, LONG_WAIT);
                assertThat(answer.status()).isEqualTo(WatermarkStatus.STALLED);
                assertThat(answer.behind()).hasSize(1);
                assertThat(System.nanoTime() - sinceNanos)
                        .as("answered immediately, before the end of the wait")
                        .isLessThan(LONG_WAIT.toNanos());
            });
            assertThat(client.await("impatient", before, Duration.ZERO).status())
                    .as("consumed events stay consumed")
                    .isEqualTo(WatermarkStatus.SUCCESS);
        }
    }

    @Test
    void returnsRebuildingForANewGenerationWhileReadersUseTheOldOne() throws Exception {
        CountDownLatch mayEnd = new CountDownLatch(1);
        ReadGate gate = new ReadGate("view", database, client);
        try (Connection connection = source.connect();
                ProjectionRunner old = start(1, (event, view) -> AppliedLog.apply(1, event, view))) {
            Token first = write(connection, "a", "x");
            awaitStatus("view", first, WatermarkStatus.SUCCESS);
            try (ProjectionRunner anew = start(2, (event, view) -> {
                AppliedLog.apply(2, event, view);
                if (!mayEnd.await(100, TimeUnit.SECONDS)) {
                    throw new IllegalStateException("the test did not release this handler");
                }
            })) {
                awaitStatus("view-g2", first, WatermarkStatus.REBUILDING);
                Token second = write(connection, "b", "x");
                assertThat(client.await("view", second, LONG_WAIT).status()).isEqualTo(WatermarkStatus.SUCCESS);
                assertThat(gate.read(second, LONG_WAIT, view -> eventsThatAreRead(view)))
                        .isEqualTo(new GatedRead.Fresh<>(2L));
                assertThat(anew.snapshot().role()).isEqualTo(Role.BUILDING);

                mayEnd.countDown();
                await().until(() -> anew.snapshot().role() == Role.READ);
                Token third = write(connection, UUID.randomUUID().toString(), "x");

                assertThat(gate.read(third, LONG_WAIT, view -> eventsThatAreRead(view)))
                        .isEqualTo(new GatedRead.Fresh<>(3L));
                awaitStatus(
                        "view",
                        third,
                        WatermarkStatus.SUCCESS); // the projection's group has the offsets of the new generation
                assertThat(old.snapshot().applied()).isEqualTo(2);
            }
        }
    }

    private static long eventsThatAreRead(Connection view) throws SQLException {
        try (PreparedStatement count = view.prepareStatement(
                        "select count(*) from applied join tidemark_generation using (generation)");
                ResultSet row = count.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }
}
