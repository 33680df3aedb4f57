// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.tidemark.consumers.FailurePolicy;
import io.tidemark.consumers.FailurePolicy.Afterwards;
import io.tidemark.consumers.Inbox;
import io.tidemark.consumers.Inbox.Result;
import io.tidemark.consumers.Inbox.Unfinished;
import io.tidemark.consumers.Projection;
import io.tidemark.consumers.ProjectionRunner;
import io.tidemark.consumers.ProjectionTables;
import io.tidemark.consumers.RunnerConfig;
import io.tidemark.consumers.RunnerSnapshot.State;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.TransactionState;

/** Pools in both auto-commit modes: connections are returned in their original state, also after failures. */
class PooledConnectionsIT {

    private ProjectionWorld world;

    @BeforeEach
    void create() throws Exception {
        world = ProjectionWorld.create("pooled", 2);
        world.execute("drop table tidemark_progress, tidemark_generation");
    }

    @AfterEach
    void drop() throws Exception {
        world.close();
    }

    private HikariDataSource pool(boolean autoCommit) {
        HikariConfig config = new HikariConfig();
        config.setDataSource(world.database(world.url()));
        config.setAutoCommit(autoCommit);
        config.setMaximumPoolSize(4);
        return new HikariDataSource(config);
    }

    /** A pool that resets nothing: one connection, which is lent in the state in which it was returned. */
    private static DataSource lending(Connection connection, boolean[] isOut) {
        return (DataSource) java.lang.reflect.Proxy.newProxyInstance(
                PooledConnectionsIT.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (pool, getConnection, none) -> {
                    isOut[0] = true;
                    return java.lang.reflect.Proxy.newProxyInstance(
                            PooledConnectionsIT.class.getClassLoader(),
                            new Class<?>[] {Connection.class},
                            (proxy, method, arguments) -> {
                                if (method.getName().equals("close")) {
                                    isOut[0] = false;
                                    return null;
                                }
                                try {
                                    return method.invoke(connection, arguments);
                                } catch (java.lang.reflect.InvocationTargetException e) {
                                    throw e.getCause() == null ? e : e.getCause();
                                }
                            });
                });
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void stepsOfTheGuideWorkInBothModes(boolean autoCommit) throws Exception {
        world.publish(20, "x");
        try (HikariDataSource pool = pool(autoCommit)) {
            ProjectionTables.create(pool);
            Inbox.create(pool);
            assertThat(world.query("select count(*) from tidemark_progress")).isEqualTo("0");

            RunnerConfig config = RunnerConfig.of(pool, world.config().kafka());
            try (ProjectionRunner runner = ProjectionRunner.start(world.projection(AppliedLog::apply), config)) {
                world.log().checkExactlyOnce(world.published());
                assertThat(runner.snapshot().stoppedPartitions()).isZero();
            }
            assertThat(new Inbox(pool, "mailer", Duration.ofDays(1))
                            .once(UUID.randomUUID(), Unfinished.REPEAT, () -> {}))
                    .isEqualTo(Result.HAPPENED_NOW);
            assertThat(world.query("select count(*) from tidemark_inbox where ended_at is not null"))
                    .isEqualTo("1");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void returnsConnectionsInTheirOriginalStateAfterFailures(boolean autoCommit) throws Exception {
        try (Connection lent = world.connect()) {
            lent.setAutoCommit(autoCommit);
            boolean[] isOut = {false};
            DataSource pool = lending(lent, isOut);

            ProjectionTables.create(pool);
            assertClean(lent, autoCommit, isOut);
            Inbox.create(pool);
            assertClean(lent, autoCommit, isOut);
            Inbox inbox = new Inbox(pool, "mailer", Duration.ofDays(1));
            inbox.once(UUID.randomUUID(), Unfinished.REPEAT, () -> {});
            assertClean(lent, autoCommit, isOut);
            assertThatThrownBy(() -> inbox.once(UUID.randomUUID(), Unfinished.REPEAT, () -> {
                        throw new IllegalStateException("no mail today");
                    }))
                    .hasMessage("no mail today");
            assertClean(lent, autoCommit, isOut);
            world.execute("drop table tidemark_inbox");
            assertThatThrownBy(() -> inbox.once(UUID.randomUUID(), Unfinished.REPEAT, () -> {}))
                    .isInstanceOf(SQLException.class);
            assertClean(lent, autoCommit, isOut);
        }
    }

    private static void assertClean(Connection lent, boolean autoCommit, boolean[] isOut) throws SQLException {
        assertThat(isOut[0]).as("not returned").isFalse();
        assertThat(lent.getAutoCommit()).isEqualTo(autoCommit);
        assertThat(lent.unwrap(BaseConnection.class).getTransactionState()).isEqualTo(TransactionState.IDLE);
        try (Statement statement = lent.createStatement();
                ResultSet row = statement.executeQuery(
                        "select current_setting('transaction_isolation'), current_setting('lock_timeout')")) {
            row.next();
            assertThat(row.getString(1)).isEqualTo("read committed");
            assertThat(row.getString(2)).isEqualTo("0");
        }
        if (!autoCommit) {
            lent.rollback();
        }
    }

    /** Two transactions of others. A lock timeout does not count as an attempt, although no attempt is left. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void countsNoAttemptForFailuresThatOthersCause(boolean autoCommit) throws Exception {
        world.execute("create table busy (id int primary key); insert into busy values (1)");
        FailurePolicy letters = new FailurePolicy(
                1, Duration.ofMillis(20), Duration.ofMillis(50), new Afterwards.DeadLetter(world.name() + ".dead"));
        Projection projection = world.projection((event, connection) -> {
                    try (Statement statement = connection.createStatement()) {
                        statement.execute("set local lock_timeout = '50ms'");
                        statement.execute("update busy set id = id");
                    }
                    AppliedLog.apply(event, connection);
                })
                .onFailure(letters);
        world.publishTo(0, "x");
        try (HikariDataSource pool = pool(autoCommit);
                Connection other = world.connect()) {
            ProjectionTables.create(pool);
            other.setAutoCommit(false);
            try (Statement statement = other.createStatement()) {
                statement.execute("update busy set id = id");
            }
            try (ProjectionRunner runner = ProjectionRunner.start(
                    projection, RunnerConfig.of(pool, world.config().kafka()))) {
                await("some attempts")
                        .during(Duration.ofSeconds(2))
                        .until(() -> runner.snapshot().partitions().stream()
                                .noneMatch(partition -> partition.state() == State.STOPPED));
                await().until(() -> runner.snapshot().partitions().stream()
                        .anyMatch(partition -> partition.state() == State.RETRYING
                                && partition.reason().contains("lock timeout")));
                other.rollback();

                world.log().checkExactlyOnce(world.published());
                assertThat(runner.snapshot().deadLettered()).isZero();
            }
        }
    }
}
