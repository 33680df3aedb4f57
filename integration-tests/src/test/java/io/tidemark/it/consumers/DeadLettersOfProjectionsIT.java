// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.consumers.FailurePolicy;
import io.tidemark.consumers.FailurePolicy.Afterwards;
import io.tidemark.consumers.Projection;
import io.tidemark.consumers.ProjectionRunner;
import io.tidemark.consumers.RunnerSnapshot;
import io.tidemark.consumers.RunnerSnapshot.State;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.TopicReader;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Dead letters that cannot be sent or completed. The partition reports it or continues; no event is retried forever.
 */
class DeadLettersOfProjectionsIT {

    private static final String POISON = "poison";
    /** Kafka's default maximum of a record, for producers and brokers. */
    private static final int MAX_RECORD_BYTES = 1024 * 1024;

    private ProjectionWorld world;

    @BeforeEach
    void create() throws Exception {
        world = ProjectionWorld.create("letters", 1);
    }

    @AfterEach
    void drop() throws Exception {
        world.close();
    }

    private Projection projection(String letters) {
        return world.projection((event, connection) -> {
                    AppliedLog.apply(event, connection);
                    if (event.text().startsWith(POISON)) {
                        throw new IllegalArgumentException("cannot digest this" + "!".repeat(1000));
                    }
                })
                .onFailure(new FailurePolicy(
                        1, Duration.ofMillis(20), Duration.ofMillis(50), new Afterwards.DeadLetter(letters)));
    }

    private static RunnerSnapshot.Partition awaitStopped(ProjectionRunner runner) {
        await("the partition has stopped").until(() -> runner.snapshot().stoppedPartitions() == 1);
        return runner.snapshot().partitions().get(0);
    }

    @Test
    void stopsThePartitionAtATooLargeDeadLetter() throws Exception {
        world.publishTo(0, POISON + ".".repeat(MAX_RECORD_BYTES - 1000));

        try (ProjectionRunner runner = ProjectionRunner.start(projection(world.name() + ".dead"), world.config())) {
            assertThat(awaitStopped(runner).reason())
                    .contains(
                            world.topic() + "-0@0",
                            "cannot digest this",
                            "cannot send a dead letter to",
                            "max.request.size");
        }
    }

    @Test
    void stopsThePartitionAtAnIllegalTopic() throws Exception {
        world.publishTo(0, POISON);

        try (ProjectionRunner runner = ProjectionRunner.start(projection("no/such topic"), world.config())) {
            assertThat(awaitStopped(runner).reason()).contains("cannot send a dead letter to no/such topic");
        }
    }

    /** Another writer of the topic, beside the relay, may write such a position. */
    @Test
    void acceptsAnEventWithAMalformedPosition() throws Exception {
        String letters = world.name() + ".dead";
        world.publishTo(0, "x", "no position");
        world.publishTo(0, POISON, "no position");
        world.publishTo(0, "x", "no position");

        try (ProjectionRunner runner = ProjectionRunner.start(projection(letters), world.config())) {
            world.log().awaitCount(2);

            await().until(() -> runner.snapshot().deadLettered() == 1);
            List<ReadEvent> dead = TopicReader.readUntil(world.servers(), letters, read -> !read.isEmpty());
            assertThat(dead).hasSize(1);
            assertThat(runner.snapshot().partitions())
                    .extracting(RunnerSnapshot.Partition::state)
                    .containsExactly(State.APPLYING);
        }
    }
}
