// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import io.tidemark.consumers.internal.runner.RunnerLoop;

/**
 * Runs one generation of a projection in this process: one thread polls, and workers apply events. Several runners can
 * run in one process. If Kafka or the database is unreachable, the runner waits and then continues. It ends once a
 * newer generation is read. Safe on any thread.
 */
public final class ProjectionRunner implements AutoCloseable {

    private final RunnerLoop loop;

    private ProjectionRunner(RunnerLoop loop) {
        this.loop = loop;
    }

    /**
     * Starts a runner and returns immediately. The library's tables must exist ({@link ProjectionTables#create}).
     *
     * @throws org.apache.kafka.common.KafkaException when Kafka's client does not accept a property
     */
    public static ProjectionRunner start(Projection projection, RunnerConfig config) {
        return new ProjectionRunner(RunnerLoop.start(projection, config));
    }

    /** The state of the runner as of its last turn. Cheap; for any thread. */
    public RunnerSnapshot snapshot() {
        return loop.snapshot();
    }

    /**
     * Lets a stopped partition continue from its stored progress. Call it after the cause is fixed. Returns
     * immediately. Does nothing if the partition is not stopped or not assigned to this runner.
     *
     * @param partition from 0
     */
    public void resume(String topic, int partition) {
        loop.resume(topic, partition);
    }

    /**
     * Lets running handlers end within the drain timeout, commits the group's offsets to Kafka, and leaves the group. A
     * handler that takes longer is interrupted, and its transaction is rolled back.
     *
     * @throws InterruptedException when the caller is interrupted while it waits
     */
    @Override
    public void close() throws InterruptedException {
        loop.close();
    }
}
