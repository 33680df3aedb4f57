// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.consumers.Event;
import io.tidemark.consumers.FailurePolicy;
import io.tidemark.consumers.FailurePolicy.Afterwards;
import io.tidemark.consumers.Projection;
import io.tidemark.consumers.ProjectionRunner;
import io.tidemark.consumers.RunnerConfig;
import io.tidemark.consumers.RunnerSnapshot;
import io.tidemark.consumers.RunnerSnapshot.State;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.TcpProxy;
import io.tidemark.it.harness.TopicReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Events that cannot be applied, slow handlers, an unreachable database: others are not affected, nothing is repeated.
 */
class FailuresIT {

    private static final String POISON = "poison";
    private static final String SWALLOWED = "swallowed";
    private static final FailurePolicy STOP =
            new FailurePolicy(3, Duration.ofMillis(20), Duration.ofMillis(50), new Afterwards.StopPartition());

    private ProjectionWorld world;
    private volatile boolean isMended;

    @BeforeEach
    void create() throws Exception {
        world = ProjectionWorld.create("failures", 3);
    }

    @AfterEach
    void drop() throws Exception {
        world.close();
    }

    /** Fails after its effect, so that the effect must be rolled back. */
    private void apply(Event event, Connection connection) throws SQLException {
        AppliedLog.apply(event, connection);
        if (event.text().equals(POISON) && !isMended) {
            throw new IllegalArgumentException("cannot digest this");
        }
        if (event.text().equals(SWALLOWED) && !isMended) {
            swallow(connection);
        }
    }

    /** A handler that hides an error leaves a transaction behind that Postgres will not commit. */
    private static void swallow(Connection connection) {
        try (Statement statement = connection.createStatement()) {
            statement.execute("select 1/0");
        } catch (SQLException e) {
            assertThat(e.getSQLState()).isEqualTo("22012");
        }
    }

    private Projection projection(FailurePolicy policy) {
        return world.projection(this::apply).onFailure(policy);
    }

    private static RunnerSnapshot.Partition partition(ProjectionRunner runner, int number) {
        return runner.snapshot().partitions().stream()
                .filter(partition -> partition.partition() == number)
                .findFirst()
                .orElseThrow();
    }

    private static void awaitState(ProjectionRunner runner, int partition, State state) {
        await("partition " + partition + " is " + state)
                .ignoreExceptions()
                .until(() -> partition(runner, partition).state() == state);
    }

    private List<UUID> publishedBut(UUID... these) {
        List<UUID> rest = new ArrayList<>(world.published());
        rest.removeAll(List.of(these));
        return rest;
    }

    @Test
    void stopsOnlyThePartitionOfAPoisonEvent() throws Exception {
        world.publishTo(1, "x");
        UUID poison = world.publishTo(1, POISON);
        UUID behind = world.publishTo(1, "x");
        try (ProjectionRunner runner = ProjectionRunner.start(projection(STOP), world.config())) {
            awaitState(runner, 1, State.STOPPED);
            world.publishTo(0, "x");
            world.publishTo(2, "x");

            world.log().checkExactlyOnce(publishedBut(poison, behind));
            RunnerSnapshot.Partition stopped = partition(runner, 1);
            assertThat(stopped.reason()).contains(world.topic() + "-1@2", "cannot digest this", "3 attempts");
            assertThat(runner.snapshot().stoppedPartitions()).isEqualTo(1);
            await().untilAsserted(() -> assertThat(world.committed()).containsEntry(1, 1L)); // the watermark sees it

            isMended = true;
            runner.resume(world.topic(), 1);

            world.log().checkExactlyOnce(world.published());
        }
    }

    @Test
    void deadLettersOnlyTheBadEventOfABatch() throws Exception {
        List<String> payloads = new ArrayList<>(Collections.nCopies(200, "x"));
        payloads.set(77, POISON);
        payloads.set(150, SWALLOWED);
        List<UUID> ids = world.publishAllTo(0, payloads);
        String letters = world.name() + ".dead-letters";
        FailurePolicy policy =
                new FailurePolicy(2, Duration.ofMillis(20), Duration.ofMillis(50), new Afterwards.DeadLetter(letters));

        try (ProjectionRunner runner = ProjectionRunner.start(projection(policy), world.config())) {
            world.log().checkExactlyOnce(publishedBut(ids.get(77), ids.get(150)));

            await().until(() -> runner.snapshot().deadLettered() == 2);
            assertThat(runner.snapshot().retried()).isBetween(4L, 40L); // halves, not one by one
            List<ReadEvent> dead = TopicReader.readUntil(world.servers(), letters, read -> read.size() >= 2);
            assertThat(dead)
                    .extracting(ReadEvent::id)
                    .containsExactly(ids.get(77).toString(), ids.get(150).toString());
            assertThat(dead.get(0).text()).isEqualTo(POISON);
            assertThat(dead.get(0).header("tidemark-dead-letter-origin")).isEqualTo(world.topic() + "-0@77");
            assertThat(dead.get(0).header("tidemark-dead-letter-reason")).contains("cannot digest this");
            assertThat(dead.get(0).header("tidemark-dead-letter-attempts")).isEqualTo("2");
        }
    }

    @Test
    void keepsMembershipAndOtherPartitionsDuringASlowHandler() throws Exception {
        CountDownLatch mayEnd = new CountDownLatch(1);
        world.publishTo(0, "slow");
        Projection projection = world.projection((event, connection) -> {
            AppliedLog.apply(event, connection);
            if (event.text().equals("slow") && !mayEnd.await(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the test did not release this handler");
            }
        });
        RunnerConfig config = world.config(Map.of("max.poll.interval.ms", 1000));
        try (ProjectionRunner runner = ProjectionRunner.start(projection, config)) {
            awaitState(runner, 0, State.APPLYING);
            world.publishTo(1, "x");
            world.log().awaitCount(1); // from the other partition, during the slow handler

            await().during(Duration.ofSeconds(3)).until(() -> world.members() == 1);
            mayEnd.countDown();

            world.log().checkExactlyOnce(world.published());
            assertThat(world.query("select max(epoch) from tidemark_progress")).isEqualTo("1"); // claimed once
        }
    }

    @Test
    void waitsForAnUnreachableDatabaseWithoutCountingAttempts() throws Exception {
        whileTheDatabaseIsAway(runner -> {});
    }

    /** Longer than Kafka's session and poll timeouts, and than any pause of the runner. */
    @Test
    @EnabledIfSystemProperty(named = "faults", matches = "true", disabledReason = "slow; run with -Pfaults")
    void keepsMembershipAndAttemptsWhileTheDatabaseIsUnreachableForAMinute() throws Exception {
        whileTheDatabaseIsAway(runner -> await("a minute without the database")
                .during(Duration.ofMinutes(1))
                .until(() -> runner.snapshot().isRunning()
                        && runner.snapshot().stoppedPartitions() == 0
                        && world.members() == 1));
    }

    /** Events are published before, during and after the outage. */
    private void whileTheDatabaseIsAway(Consumer<ProjectionRunner> then) throws Exception {
        Matcher port = Pattern.compile(":(\\d+)/").matcher(world.url());
        assertThat(port.find()).isTrue();
        try (TcpProxy link = TcpProxy.to(Integer.parseInt(port.group(1)))) {
            String url = world.url().replace(":" + port.group(1) + "/", ":" + link.port() + "/");
            RunnerConfig config =
                    RunnerConfig.of(world.database(url), world.config().kafka());
            try (ProjectionRunner runner = ProjectionRunner.start(projection(FailurePolicy.stopAfter(1)), config)) {
                world.publish(100, "x");
                world.log().awaitCount(1);

                link.refuse();
                link.reset();
                world.publish(100, "x");
                await("the runner notices")
                        .until(() -> runner.snapshot().partitions().stream()
                                .anyMatch(partition -> partition.state() == State.CLAIMING
                                        && !partition.reason().isEmpty()));
                then.accept(runner);
                link.heal();

                world.publish(100, "x");
                world.log().checkExactlyOnce(world.published());
                assertThat(runner.snapshot().stoppedPartitions()).isZero();
            }
        }
    }

    /** Like an event that exceeds idle_in_transaction_session_timeout, or crashes its backend. */
    @Test
    void blamesAnEventThatEndsItsSessionEachTime() throws Exception {
        UUID killer = world.publishTo(0, "killer");
        Projection projection = world.projection((event, connection) -> {
            AppliedLog.apply(event, connection);
            if (event.text().equals("killer")) {
                try (Statement statement = connection.createStatement()) {
                    statement.execute("select pg_terminate_backend(pg_backend_pid())");
                }
            }
        });
        try (ProjectionRunner runner = ProjectionRunner.start(projection.onFailure(STOP), world.config())) {
            awaitState(runner, 0, State.STOPPED);
            assertThat(partition(runner, 0).reason()).contains(world.topic() + "-0@0", "3 attempts");
            world.publishTo(1, "x");

            world.log().checkExactlyOnce(publishedBut(killer));
        }
    }

    /** After the last event there is a transaction marker, which is never applied. */
    @Test
    void continuesAfterARestartIfAllEventsHaveExpired() throws Exception {
        world.publishTo(0, "x");
        try (ProjectionRunner runner = ProjectionRunner.start(projection(STOP), world.config())) {
            world.log().checkExactlyOnce(world.published());
            await("the marker has arrived")
                    .until(() -> partition(runner, 0).lagRecords().equals(OptionalLong.of(1)));
        }
        world.deleteRecords(0);

        try (ProjectionRunner runner = ProjectionRunner.start(projection(STOP), world.config())) {
            awaitState(runner, 0, State.APPLYING);
            world.publishTo(0, "x");

            world.log().checkExactlyOnce(world.published());
            assertThat(runner.snapshot().stoppedPartitions()).isZero();
        }
    }

    @Test
    void advancesPastTheMarkerOfAQuietPartition() throws Exception {
        world.publishTo(0, "x");
        try (ProjectionRunner runner = ProjectionRunner.start(projection(STOP), world.config())) {
            world.log().checkExactlyOnce(world.published());

            await().untilAsserted(() -> assertThat(world.progress()).containsEntry(0, 2L));
            await().untilAsserted(() -> assertThat(world.committed()).containsEntry(0, 2L));
            await("a look after that")
                    .until(() -> partition(runner, 0).lagRecords().equals(OptionalLong.of(0)));
        }
    }

    @Test
    void stopsThePartitionIfRetentionHasDeletedUnappliedEvents() throws Exception {
        world.publishTo(0, "x");
        try (ProjectionRunner runner = ProjectionRunner.start(projection(STOP), world.config())) {
            world.log().checkExactlyOnce(world.published());
        }
        world.publishTo(0, "lost");
        world.deleteRecords(0);

        try (ProjectionRunner runner = ProjectionRunner.start(projection(STOP), world.config())) {
            awaitState(runner, 0, State.STOPPED);
            assertThat(partition(runner, 0).reason()).contains("is not in the topic");
        }
    }

    /**
     * Happens while the projection is down. The new topic has grown past the old offset, so no offset is out of range.
     */
    @Test
    void stopsAtATopicThatWasCreatedAgainAndRebuildsWithTheNextGeneration() throws Exception {
        world.publishAllTo(0, List.of("x", "x"));
        try (ProjectionRunner runner =
                ProjectionRunner.start(world.generation(1).onFailure(STOP), world.config())) {
            world.log(1).checkExactlyOnce(world.published());
            await().untilAsserted(() -> assertThat(world.progress()).containsEntry(0, 3L));
        }
        String oldId = world.query("select distinct topic_id from tidemark_progress");

        String newId = world.makeTopicAgain(3);
        List<UUID> anew = world.publishAllTo(0, Collections.nCopies(10, "y"));

        try (ProjectionRunner runner =
                ProjectionRunner.start(world.generation(1).onFailure(STOP), world.config())) {
            awaitState(runner, 0, State.STOPPED);
            assertThat(partition(runner, 0).reason())
                    .contains(world.topic() + " was deleted and created again", oldId, newId, "generation 2");
            assertThat(world.progress()).containsEntry(0, 3L);
        }
        try (ProjectionRunner runner = ProjectionRunner.start(world.generation(2), world.config())) {
            world.log(2).checkExactlyOnce(anew);
            await("the new generation is read").until(() -> runner.snapshot().role() == RunnerSnapshot.Role.READ);
        }
    }
}
