// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.consumers.Fallback;
import io.tidemark.consumers.GatedRead;
import io.tidemark.consumers.NotCaughtUpException;
import io.tidemark.consumers.Projection;
import io.tidemark.consumers.ProjectionRunner;
import io.tidemark.consumers.ProjectionTables;
import io.tidemark.consumers.ReadFrom;
import io.tidemark.consumers.ReadGate;
import io.tidemark.consumers.RunnerConfig;
import io.tidemark.consumers.WatermarkClient;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.Tokens;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.quickstart.stack.FreePorts;
import java.net.URI;
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
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** From the outbox through a real relay into a projection: commit, token, and a read that sees the write. */
class WatermarkedReadsIT {

    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private final OutboxWriter writer = new OutboxWriter();
    private TestSource source;
    private RelayProcess relay;
    private RelayFront front;
    private DataSource database;

    private record Written(UUID eventId, Token token) {}

    @BeforeEach
    void create() throws Exception {
        source = TestSource.create("reads");
        try (Connection connection = source.connect();
                Statement statement = connection.createStatement()) {
            ProjectionTables.create(connection);
            AppliedLog.create(statement);
        }
        relay = RelayProcess.start(source).awaitRunning();
        front = new RelayFront(relay);
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

    private ProjectionRunner startProjection() {
        Map<String, Object> kafka =
                new HashMap<>(ProjectionWorld.kafkaProperties(source.servers().bootstrapServers()));
        kafka.put("group.id", source.name() + "-view");
        return ProjectionRunner.start(
                Projection.of("view", List.of(source.topic("order")), AppliedLog::apply),
                RunnerConfig.of(database, kafka));
    }

    private Written write(Connection connection) throws Exception {
        connection.setAutoCommit(false);
        UUID id = writer.publish(
                connection, OutboxEvent.of("order", UUID.randomUUID().toString(), "OrderPlaced", "x"));
        connection.commit();
        Token token = Tokens.current(connection);
        connection.commit();
        return new Written(id, token);
    }

    private static long applications(Connection connection, UUID eventId) throws SQLException {
        try (PreparedStatement count = connection.prepareStatement("select count(*) from applied where event_id = ?")) {
            count.setObject(1, eventId);
            try (ResultSet row = count.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    private static <T> GatedRead.NotFresh<T> notFresh(GatedRead<T> read) {
        assertThat(read).isInstanceOf(GatedRead.NotFresh.class);
        return (GatedRead.NotFresh<T>) read;
    }

    @Test
    void readerThatWaitsForTheWatermarkSeesItsWrite() throws Exception {
        URI nobody = URI.create("http://127.0.0.1:" + FreePorts.next());
        WatermarkClient client = new WatermarkClient(List.of(nobody, front.url()));
        try (Connection connection = source.connect();
                Connection view = source.connect()) {
            Written early = write(connection);
            assertThat(client.await("view", early.token(), Duration.ofMillis(500), Fallback.PRIMARY))
                    .isEqualTo(ReadFrom.PRIMARY);
            assertThatThrownBy(() -> client.await("view", early.token(), Duration.ofMillis(100), Fallback.FAIL))
                    .isInstanceOf(NotCaughtUpException.class);

            try (ProjectionRunner runner = startProjection()) {
                for (int i = 0; i < 20; i++) {
                    Written written = write(connection);

                    assertThat(client.await("view", written.token(), TIMEOUT, Fallback.FAIL))
                            .isEqualTo(ReadFrom.PROJECTION);
                    assertThat(applications(view, written.eventId())).isEqualTo(1);
                }
                assertThat(runner.snapshot().applied()).isEqualTo(21);
            }
        }
    }

    @Test
    void readThroughTheGateSeesTheWriteOrDoesNotRun() throws Exception {
        ReadGate gate = new ReadGate("view", database, new WatermarkClient(List.of(front.url())));
        try (Connection connection = source.connect()) {
            Written written = write(connection);
            ReadGate.Query<Long> query = snapshot -> applications(snapshot, written.eventId());

            GatedRead.NotFresh<Long> before = notFresh(gate.read(written.token(), Duration.ofSeconds(2), query));
            assertThat(before.status()).isEqualTo(WatermarkStatus.TIMEOUT);
            assertThat(before.behind()).isNotEmpty();

            try (ProjectionRunner runner = startProjection()) {
                assertThat(gate.read(written.token(), TIMEOUT, query)).isEqualTo(new GatedRead.Fresh<>(1L));
                for (int i = 0; i < 5; i++) {
                    Written next = write(connection);
                    assertThat(gate.read(next.token(), TIMEOUT, view -> applications(view, next.eventId())))
                            .isEqualTo(new GatedRead.Fresh<>(1L));
                }
                assertThat(runner.snapshot().applied()).isEqualTo(6);
            }

            int asked = front.explained();
            front.close();
            relay.kill();
            assertThat(gate.read(written.token(), Duration.ZERO, query))
                    .as("the offsets of the token are known, so no relay is needed")
                    .isEqualTo(new GatedRead.Fresh<>(1L));
            assertThat(front.explained()).isEqualTo(asked);
            Token unknown = write(connection).token();
            assertThat(notFresh(gate.read(unknown, Duration.ofMillis(300), query))
                            .status())
                    .isEqualTo(WatermarkStatus.UNREACHABLE);
        }
    }

    /** Check and query use the same snapshot: neither sees commits between them. */
    @Test
    void usesOneSnapshotForCheckAndRead() throws Exception {
        ReadGate gate = new ReadGate("view", database, new WatermarkClient(List.of(front.url())));
        GatedRead<List<Long>> read;
        try (ProjectionRunner view = startProjection();
                Connection connection = source.connect()) {
            Token written = write(connection).token();

            read = gate.read(written, TIMEOUT, snapshot -> {
                long first = applications(snapshot, new UUID(0, 1));
                source.execute("insert into applied (event_id, kafka_partition, kafka_offset, payload) values ('"
                        + new UUID(0, 1) + "', 0, 0, 'x')");
                return List.of(first, applications(snapshot, new UUID(0, 1)));
            });
        }

        assertThat(read).isEqualTo(new GatedRead.Fresh<>(List.of(0L, 0L)));
    }
}
