// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.consumers.ProjectionRunner;
import io.tidemark.consumers.RunnerSnapshot;
import io.tidemark.consumers.RunnerSnapshot.State;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each event is applied exactly once during faults of members, groups, offsets and rows. */
class ExactlyOnceIT {

    private ProjectionWorld world;

    @BeforeEach
    void create() throws Exception {
        world = ProjectionWorld.create("once", 3);
    }

    @AfterEach
    void drop() throws Exception {
        world.close();
    }

    private ProjectionRunner start() {
        return ProjectionRunner.start(world.projection(AppliedLog::apply), world.config());
    }

    private void awaitOffsetsLikeProgress() {
        await("the group's offsets follow the progress").untilAsserted(() -> {
            Map<Integer, Long> progress = new HashMap<>(world.progress());
            progress.values().removeIf(next -> next == 0);
            Map<Integer, Long> committed = new HashMap<>(world.committed());
            committed.values().removeIf(next -> next == 0);
            assertThat(committed).isEqualTo(progress);
        });
    }

    private static RunnerSnapshot.Partition awaitStopped(ProjectionRunner runner) {
        return await("a stopped partition")
                .until(
                        () -> runner.snapshot().partitions().stream()
                                .filter(partition -> partition.state() == State.STOPPED)
                                .findFirst(),
                        java.util.Optional::isPresent)
                .orElseThrow();
    }

    @Test
    void appliesEverythingOnceAndCommitsTheGroupsOffsets() throws Exception {
        world.publish(300, "x");
        try (ProjectionRunner runner = start()) {
            world.publish(200, "x");

            world.log().checkExactlyOnce(world.published());
            awaitOffsetsLikeProgress();
            assertThat(runner.snapshot().applied()).isEqualTo(500);
            assertThat(runner.snapshot().partitions()).hasSize(3).allSatisfy(partition -> {
                assertThat(partition.state()).isEqualTo(State.APPLYING);
                assertThat(partition.reason()).isEmpty();
            });
        }
    }

    @Test
    void survivesRebalancesUnderLoadWithThreeMembers() throws Exception {
        Random random = new Random(5);
        List<ProjectionRunner> members = new java.util.ArrayList<>(List.of(start(), start(), start()));
        try {
            for (int round = 0; round < 6; round++) {
                world.publish(200, "x");
                int target = world.published().size() - 150; // others are under way
                world.log().awaitCount(Math.max(1, target));
                if (round % 2 == 0) {
                    members.remove(random.nextInt(members.size())).close();
                    members.add(start());
                } else {
                    world.expelAll();
                }
            }

            world.log().checkExactlyOnce(world.published());
            awaitOffsetsLikeProgress();
        } finally {
            for (ProjectionRunner member : members) {
                member.close();
            }
        }
    }

    @Test
    void usesItsProgressWhenTheGroupIsResetToEarliest() throws Exception {
        world.publish(100, "x");
        try (ProjectionRunner runner = start()) {
            world.log().awaitCount(100);
        }
        world.resetGroup(Map.of(0, 0L, 1, 0L, 2, 0L));

        try (ProjectionRunner runner = start()) {
            awaitOffsetsLikeProgress();
            world.publish(50, "x");

            world.log().checkExactlyOnce(world.published());
        }
    }

    @Test
    void usesItsProgressWhenTheGroupIsResetToLatest() throws Exception {
        world.publish(100, "x");
        try (ProjectionRunner runner = start()) {
            world.log().awaitCount(100);
        }
        world.publish(80, "x");
        world.resetGroup(Map.of(0, 1000L, 1, 1000L, 2, 1000L));

        try (ProjectionRunner runner = start()) {
            world.log().checkExactlyOnce(world.published());
            awaitOffsetsLikeProgress();
        }
    }

    @Test
    void readsAddedPartitionsFromTheirBeginning() throws Exception {
        try (ProjectionRunner runner = start()) {
            world.publish(30, "x");
            world.log().awaitCount(30);

            world.increasePartitionsTo(5);
            world.publishTo(0, "x"); // makes the producer refresh its metadata until it knows the new partitions
            await().ignoreExceptions().until(() -> {
                world.publishTo(4, "x");
                return true;
            });
            world.publishTo(3, "x");

            world.log().checkExactlyOnce(world.published());
        }
    }

    @Test
    void sharesTheWorkBetweenTwoProgramsOfOneNameAndGroup() throws Exception {
        try (ProjectionRunner one = start();
                ProjectionRunner other = start()) {
            for (int i = 0; i < 5; i++) {
                world.publish(100, "x");
            }

            world.log().checkExactlyOnce(world.published());
            await().until(() -> one.snapshot().partitions().size()
                            + other.snapshot().partitions().size()
                    == 3);
        }
    }

    @Test
    void rejectsASecondProgramOfTheSameNameInAnotherGroup() throws Exception {
        world.publish(60, "x");
        try (ProjectionRunner rightful = start()) {
            world.log().awaitCount(60);

            try (ProjectionRunner other = ProjectionRunner.start(
                    world.projection(AppliedLog::apply), world.config(Map.of("group.id", world.name() + "-2")))) {
                assertThat(awaitStopped(other).reason()).contains("belongs to group '" + world.name() + "'");
                world.publish(60, "x");

                world.log().checkExactlyOnce(world.published());
                assertThat(other.snapshot().applied()).isZero();
            }
        }
    }

    @Test
    void stopsThePartitionIfItsProgressRowWasDeleted() throws Exception {
        for (int partition = 0; partition < 3; partition++) {
            world.publishTo(partition, "x");
        }
        try (ProjectionRunner runner = start()) {
            world.log().checkExactlyOnce(world.published());
            world.execute("delete from tidemark_progress where partition = 1");
            var unapplied = world.publishTo(1, "x");

            assertThat(awaitStopped(runner).reason()).contains("has no row").contains(world.topic() + "-1");
            world.publishTo(0, "x");
            var others = new java.util.ArrayList<>(world.published());
            others.remove(unapplied);
            world.log().checkExactlyOnce(others);
            awaitOffsetsOf(1);
        }

        try (ProjectionRunner runner = start()) { // also not after a restart
            assertThat(awaitStopped(runner).partition()).isEqualTo(1);
            world.execute("insert into tidemark_progress (projection, topic, partition, next_offset, group_id) values"
                    + " ('" + world.name() + "', '" + world.topic() + "', 1, 1, '" + world.name() + "')");
            runner.resume(world.topic(), 1);

            world.log().checkExactlyOnce(world.published());
        }
    }

    private void awaitOffsetsOf(int partition) {
        await().until(() -> world.committed().containsKey(partition));
    }
}
