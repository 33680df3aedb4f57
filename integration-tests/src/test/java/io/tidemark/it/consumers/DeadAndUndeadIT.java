// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.consumers.ProjectionRunner;
import io.tidemark.consumers.internal.progress.ClaimResult;
import io.tidemark.consumers.internal.progress.ProgressTable;
import io.tidemark.quickstart.stack.ChildJvm;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Members that die at the worst moment, and members that were considered dead. */
class DeadAndUndeadIT {

    private ProjectionWorld world;

    @BeforeEach
    void create() throws Exception {
        world = ProjectionWorld.create("undead", 1);
    }

    @AfterEach
    void drop() throws Exception {
        world.close();
    }

    private static void awaitHeld(ChildJvm consumer) {
        await("the consumer is held, log " + consumer.log())
                .until(() -> consumer.output().contains(HeldConsumer.HELD));
    }

    @Test
    void appliesOnceAfterAKillBetweenDatabaseCommitAndKafkaCommit() throws Exception {
        world.publish(40, "x");
        try (ChildJvm consumer = HeldConsumer.start(world, HeldConsumer.Place.BETWEEN_COMMITS)) {
            awaitHeld(consumer);
            int applied = world.log().all().size();
            assertThat(applied).isPositive();
            assertThat(world.committed().getOrDefault(0, 0L)).isZero();
            consumer.kill();
        }
        world.expelAll();

        try (ProjectionRunner runner = ProjectionRunner.start(world.projection(AppliedLog::apply), world.config())) {
            world.publish(40, "x");

            world.log().checkExactlyOnce(world.published());
            await().untilAsserted(() -> assertThat(world.committed()).isEqualTo(world.progress()));
        }
    }

    @Test
    void zombieThatWakesUpInAHandlerCommitsNothing() throws Exception {
        world.publish(40, "x");
        try (Connection gate = world.connect();
                Statement keeper = gate.createStatement();
                ChildJvm zombie = HeldConsumer.start(world, HeldConsumer.Place.IN_HANDLER)) {
            keeper.execute("select pg_advisory_lock(" + HeldConsumer.GATE + ")");
            awaitHeld(zombie);
            zombie.pause();
            world.expelAll();

            try (ProjectionRunner runner =
                    ProjectionRunner.start(world.projection(AppliedLog::apply), world.config())) {
                world.log().checkExactlyOnce(world.published());

                keeper.execute("select pg_advisory_unlock(" + HeldConsumer.GATE + ")");
                zombie.resume();
                await("the zombie's transaction ends")
                        .until(() -> world.query("select count(*) from pg_stat_activity where application_name = '"
                                        + HeldConsumer.HELD + "' and xact_start is not null")
                                .equals("0"));
                world.publish(10, "x"); // for the current owner of the partition

                world.log().checkExactlyOnce(world.published());
            }
        }
    }

    /** Only compare and set: this member is still in the group, and only its claim shows that it is late. */
    @Test
    void writerOfAPartitionThatWasClaimedMeanwhileLoses() throws Exception {
        CountDownLatch isInHandler = new CountDownLatch(1);
        CountDownLatch mayGoOn = new CountDownLatch(1);
        List<UUID> ids = world.publishAllTo(0, List.of("first", "x"));
        try (ProjectionRunner late = ProjectionRunner.start(
                world.projection((event, connection) -> {
                    AppliedLog.apply(event, connection);
                    isInHandler.countDown();
                    if (!mayGoOn.await(60, TimeUnit.SECONDS)) {
                        throw new IllegalStateException("the test did not release this handler");
                    }
                }),
                world.config())) {
            assertThat(isInHandler.await(60, TimeUnit.SECONDS)).isTrue();
            applyAsAnotherOwner(ids.get(0));
            mayGoOn.countDown();
            world.publish(10, "x");

            world.log().checkExactlyOnce(world.published());
        }
    }

    private void applyAsAnotherOwner(UUID first) throws Exception {
        ProgressTable progress = new ProgressTable(world.name(), 1, world.name());
        ProgressTable.Partition partition = new ProgressTable.Partition(world.topic(), 0);
        try (Connection connection = world.connect();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            ClaimResult.Claimed claimed = (ClaimResult.Claimed) progress.claim(connection, partition, Optional.empty());
            statement.execute("insert into applied (event_id, kafka_partition, kafka_offset, payload) values ('" + first
                    + "', 0, 0, 'first')");
            assertThat(progress.advance(connection, partition, Optional.empty(), claimed, 1, Optional.empty()))
                    .isTrue();
            connection.commit();
        }
    }
}
