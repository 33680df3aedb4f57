// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.consumers.BatchHandler;
import io.tidemark.consumers.Projection;
import io.tidemark.consumers.ProjectionRunner;
import io.tidemark.consumers.ProjectionTables;
import io.tidemark.consumers.RunnerSnapshot;
import io.tidemark.consumers.RunnerSnapshot.Role;
import io.tidemark.it.consumers.HeldConsumer.Place;
import io.tidemark.quickstart.stack.ChildJvm;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A new generation is built beside the one that is read, and replaces it. Kills never take readers back. */
class RebuildIT {

    private ProjectionWorld world;

    @BeforeEach
    void create() throws Exception {
        world = ProjectionWorld.create("rebuild", 3);
    }

    @AfterEach
    void drop() throws Exception {
        world.close();
    }

    private ProjectionRunner start(int generation) {
        return ProjectionRunner.start(world.generation(generation), world.config());
    }

    /** The runners of this world that are alive. */
    private List<String> threads(String kind) {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("projection-" + world.name() + kind))
                .toList();
    }

    private int generationThatIsRead() throws Exception {
        return Integer.parseInt(world.query("select generation from tidemark_generation"));
    }

    private void awaitRead(int generation) {
        await("generation " + generation + " is read").until(() -> generationThatIsRead() == generation);
    }

    private static void awaitRole(ProjectionRunner runner, Role role) {
        await("the runner is " + role).until(() -> runner.snapshot().role() == role);
    }

    /** The generation that was read has everything below its progress, and nothing above it. */
    private void checkPrefix(int generation) throws Exception {
        world.log(generation).checkOnceAndInOrder();
        assertThat(world.query("select count(*) from applied a join tidemark_progress p on p.generation = a.generation"
                        + " and p.partition = a.kafka_partition where a.generation = " + generation
                        + " and a.kafka_offset >= p.next_offset"))
                .as("events of generation %d that were applied beyond its progress", generation)
                .isEqualTo("0");
    }

    private void awaitOffsetsOfTheGroup() {
        await("the group has the offsets of generation 2").untilAsserted(() -> {
            Map<Integer, Long> progress = world.progress();
            assertThat(world.committed()).isEqualTo(progress);
        });
    }

    @Test
    void buildsBesideTheOldOneUnderLoadAndSwitchesWhenItHasCaughtUp() throws Exception {
        world.publish(2000, "x");
        try (ProjectionRunner old = start(1)) {
            world.log(1).awaitCount(2000);
            try (ReadLoad load = new ReadLoad(world);
                    ProjectionRunner anew = start(2)) {
                awaitRole(anew, Role.BUILDING);
                assertThat(old.snapshot().role()).isEqualTo(Role.READ);
                load.check();
                awaitRole(anew, Role.READ);
                assertThat(anew.snapshot().rebuild()).isEmpty();

                await().until(() -> !old.snapshot().isRunning());
                assertThat(old.snapshot().role()).isEqualTo(Role.REPLACED);
                assertThat(old.snapshot().reason()).contains("generation 2", "is read now");
                await("of the old runner nothing is left").untilAsserted(() -> {
                    assertThat(threads("-generation")).hasSize(1);
                    assertThat(threads("-worker-")).hasSizeLessThanOrEqualTo(2);
                });
                load.close();
                world.log(2).checkExactlyOnce(world.published());
                awaitOffsetsOfTheGroup();
            }
            checkPrefix(1);
        }
        try (ProjectionRunner late = start(1)) {
            await("an old program that is started again ends")
                    .until(() -> !late.snapshot().isRunning());
            assertThat(late.snapshot().role()).isEqualTo(Role.REPLACED);
            assertThat(late.snapshot().applied()).isZero();
        }
    }

    @Test
    void reportsTheProgressOfTheRebuild() throws Exception {
        for (int partition = 0; partition < 3; partition++) {
            world.publishTo(partition, "x");
        }
        world.publishTo(1, "hold");
        CountDownLatch mayEnd = new CountDownLatch(1);
        Projection held = Projection.ofGeneration(
                world.name(),
                2,
                List.of(world.topic()),
                generation -> BatchHandler.each((event, connection) -> {
                    AppliedLog.apply(generation, event, connection);
                    if (event.text().equals("hold") && !mayEnd.await(60, TimeUnit.SECONDS)) {
                        throw new IllegalStateException("the test did not release this handler");
                    }
                }));
        try (ProjectionRunner old = start(1)) {
            world.log(1).awaitCount(4);
            try (ProjectionRunner anew = ProjectionRunner.start(held.maxBatch(1), world.config())) {
                await("two of three partitions are there, and one event is missing")
                        .untilAsserted(() -> assertThat(anew.snapshot().rebuild())
                                .hasValueSatisfying(rebuild -> {
                                    assertThat(rebuild.replaces()).isEqualTo(1);
                                    assertThat(rebuild.partitions()).isEqualTo(3);
                                    assertThat(rebuild.caughtUp()).isGreaterThanOrEqualTo(2);
                                    assertThat(rebuild.behind()).isPositive();
                                }));
                assertThat(generationThatIsRead()).isEqualTo(1);
                assertThat(world.committed(world.name() + "-g2")).isNotEmpty();
                mayEnd.countDown();

                awaitRole(anew, Role.READ);
                world.log(2).checkExactlyOnce(world.published());
            }
            assertThat(old.snapshot().applied()).isEqualTo(4);
        }
    }

    @Test
    void survivesRepeatedKillsDuringTheRebuild() throws Exception {
        Random random = new Random(11);
        world.publish(6000, "x");
        try (ProjectionRunner old = start(1)) {
            world.log(1).awaitCount(2000);
            try (ReadLoad load = new ReadLoad(world)) {
                for (int kill = 0; kill < 3; kill++) {
                    int before = world.log(2).count();
                    try (ChildJvm anew = HeldConsumer.start(world, Place.NOWHERE, 2)) {
                        int target = before + 1 + random.nextInt(300);
                        await(target + " applied by generation 2, log " + anew.log())
                                .until(() -> world.log(2).count() >= target);
                        anew.kill();
                    }
                    world.expelAll(world.name() + "-g2");
                }
                assertThat(generationThatIsRead()).isEqualTo(1);
                try (ProjectionRunner anew = start(2)) {
                    awaitRole(anew, Role.READ);
                    load.close();
                    world.log(2).checkExactlyOnce(world.published());
                }
            }
            checkPrefix(1);
            assertThat(old.snapshot().role()).isEqualTo(Role.REPLACED);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Place.class,
            names = {"BEFORE_SWITCH", "AFTER_SWITCH"})
    void survivesAKillAtTheSwitch(Place place) throws Exception {
        world.publish(500, "x");
        try (ProjectionRunner old = start(1)) {
            world.log(1).awaitCount(500);
            try (ChildJvm anew = HeldConsumer.start(world, place, 2)) {
                await("held at the switch, log " + anew.log())
                        .until(() -> anew.output().contains(HeldConsumer.HELD));
                world.publish(100, "x");
                anew.kill();
            }
            if (place == Place.BEFORE_SWITCH) {
                world.log(1).checkExactlyOnce(world.published()); // it continues without an effect of the kill
                assertThat(generationThatIsRead()).isEqualTo(1);
            } else {
                assertThat(generationThatIsRead()).isEqualTo(2);
            }
            world.expelAll();

            try (ProjectionRunner anew = start(2)) {
                awaitRead(2);
                world.publish(100, "x");
                world.log(2).checkExactlyOnce(world.published());
                awaitOffsetsOfTheGroup();
            }
            checkPrefix(1);
            assertThat(old.snapshot().role()).isEqualTo(Role.REPLACED);
        }
    }

    /** The writer began before the switch, and ends after it. */
    @Test
    void writerOfTheOldGenerationCommitsNothingAfterTheSwitch() throws Exception {
        CountDownLatch isInHandler = new CountDownLatch(1);
        CountDownLatch mayGoOn = new CountDownLatch(1);
        world.publishTo(0, "x");
        Projection slow = world.projection((event, connection) -> {
            AppliedLog.apply(event, connection);
            if (event.text().equals("slow")) {
                isInHandler.countDown();
                if (!mayGoOn.await(60, TimeUnit.SECONDS)) {
                    throw new IllegalStateException("the test did not release this handler");
                }
            }
        });
        try (ProjectionRunner old = ProjectionRunner.start(slow, world.config())) {
            world.log(1).awaitCount(1);
            world.publishTo(0, "slow");
            assertThat(isInHandler.await(60, TimeUnit.SECONDS)).isTrue();

            try (ProjectionRunner anew = start(2)) {
                awaitRead(2);
                mayGoOn.countDown();
                await().until(() -> !old.snapshot().isRunning());

                world.log(2).checkExactlyOnce(world.published());
                assertThat(world.log(1).all())
                        .extracting(AppliedLog.Applied::payload)
                        .containsExactly("x");
            }
        }
    }

    @Test
    void readsTheFirstGenerationImmediately() throws Exception {
        try (ProjectionRunner third = start(3)) {
            awaitRole(third, Role.READ);
            world.publish(10, "x");

            world.log(3).checkExactlyOnce(world.published());
        }
        try (Connection connection = world.connect()) {
            assertThat(ProjectionTables.generation(connection, world.name())).hasValue(3);
        }
    }

    /** A member reads the newest generation from the database, whichever member started it. */
    @Test
    void rebuildsWithSeveralMembers() throws Exception {
        world.publish(3000, "x");
        List<ProjectionRunner> members = new ArrayList<>();
        try (ProjectionRunner old = start(1)) {
            world.log(1).awaitCount(3000);
            for (int i = 0; i < 3; i++) {
                members.add(start(2));
            }
            for (ProjectionRunner member : members) {
                awaitRole(member, Role.READ);
            }
            world.publish(300, "x");

            world.log(2).checkExactlyOnce(world.published());
            assertThat(members.stream().map(ProjectionRunner::snapshot).map(RunnerSnapshot::reason))
                    .containsOnly("");
            assertThat(old.snapshot().stoppedPartitions()).isZero();
        } finally {
            for (ProjectionRunner member : members) {
                member.close();
            }
        }
    }
}
