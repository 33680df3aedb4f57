// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.consumers.BatchHandler;
import io.tidemark.consumers.Event;
import io.tidemark.consumers.FailurePolicy;
import io.tidemark.consumers.Projection;
import io.tidemark.consumers.RunnerSnapshot.State;
import io.tidemark.consumers.internal.apply.Applier;
import io.tidemark.consumers.internal.apply.DeadLetterSender;
import io.tidemark.consumers.internal.apply.Job;
import io.tidemark.consumers.internal.apply.NoTopicIds;
import io.tidemark.consumers.internal.partition.PartitionWork;
import io.tidemark.consumers.internal.progress.ClaimResult.Claimed;
import io.tidemark.consumers.internal.progress.ProgressTable;
import io.tidemark.consumers.internal.progress.ProgressTable.Partition;
import java.io.IOError;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import javax.sql.DataSource;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Jobs and their reports on one thread: a job runs when it is dispatched, and the next turn takes its report. */
class JobDispatcherTest {

    private static final Partition PARTITION = new Partition("t", 0);
    private static final TopicPartition KAFKA = new TopicPartition("t", 0);

    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
    private final OffsetCommitter offsets = new OffsetCommitter(consumer, "");
    private final PartitionWork work = new PartitionWork(
            PARTITION, FailurePolicy.stopAfter(1), 10, Duration.ofSeconds(5), new SplittableRandom(1));

    @BeforeEach
    void assign() {
        consumer.assign(List.of(KAFKA));
    }

    private JobDispatcher dispatcher(DataSource database, BatchHandler handler) {
        return dispatcher(database, handler, Runnable::run);
    }

    private JobDispatcher dispatcher(DataSource database, BatchHandler handler, Executor workers) {
        Projection projection = Projection.ofBatches("v", List.of("t"), handler);
        Applier applier = new Applier(
                database,
                new ProgressTable("v", 1, "v"),
                handler,
                new DeadLetterSender("v", Map.of(), Clock.systemUTC()),
                NoTopicIds.create());
        OutcomeRules rules = new OutcomeRules(projection, consumer, offsets, new Counters());
        return new JobDispatcher(applier, workers, rules, () -> {});
    }

    /** Every statement succeeds, and changes one row. */
    private static DataSource database() {
        return database(proxy(Connection.class));
    }

    private static DataSource database(Connection connection) {
        return (DataSource) Proxy.newProxyInstance(
                JobDispatcherTest.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("getConnection")) {
                        return connection;
                    }
                    throw new UnsupportedOperationException(method.getName());
                });
    }

    private static <T> T proxy(Class<T> type) {
        return type.cast(Proxy.newProxyInstance(
                JobDispatcherTest.class.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    Class<?> result = method.getReturnType();
                    return result == boolean.class
                            ? (Object) method.getName().equals("isValid")
                            : result == int.class ? (Object) 1 : result.isInterface() ? proxy(result) : null;
                }));
    }

    private void arrived(long offset) {
        work.backlog().add(Event.of(new ConsumerRecord<>("t", 0, offset, new byte[] {1}, new byte[] {2})));
    }

    private static void turn(JobDispatcher dispatcher, PartitionWork work) {
        dispatcher.beginNext(work);
        dispatcher.takeReports();
    }

    @Test
    void blamesTheEventForAnUnexpectedError() {
        JobDispatcher dispatcher = dispatcher(database(), (events, connection) -> {
            throw new IOError(new IOException("the console is gone"));
        });
        work.claimed(new Claimed(0, 1));
        arrived(0);

        turn(dispatcher, work);

        assertThat(work.isBusy()).isFalse();
        assertThat(work.state()).isEqualTo(State.STOPPED);
        assertThat(work.reason()).contains("t-0@0", "the console is gone");
    }

    @Test
    void endsTheRunnerWhenTheJvmHasRunOutOfMemory() {
        JobDispatcher dispatcher = dispatcher(database(), (events, connection) -> {
            throw new IllegalStateException(new OutOfMemoryError("Java heap space"));
        });
        work.claimed(new Claimed(0, 1));
        arrived(0);

        assertThatThrownBy(() -> turn(dispatcher, work))
                .isInstanceOf(OutOfMemoryError.class)
                .hasMessage("Java heap space");
        assertThat(work.failures()).as("attempts of the event").isZero();
        assertThat(work.isStopped()).isFalse();
    }

    @Test
    void countsNoAttemptForAnInterruptAndSetsTheFlagAgain() {
        JobDispatcher dispatcher = dispatcher(database(), (events, connection) -> {
            throw new InterruptedException("the runner is closing");
        });
        work.claimed(new Claimed(0, 1));
        arrived(0);

        turn(dispatcher, work);

        assertThat(Thread.interrupted()).as("the flag").isTrue();
        assertThat(work.failures()).isZero();
        assertThat(work.state()).isEqualTo(State.RETRYING);
    }

    @Test
    void waitsForAPoolThatThrowsAnyException() {
        DataSource broken = (DataSource) Proxy.newProxyInstance(
                JobDispatcherTest.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, arguments) -> {
                    throw new IllegalStateException("the pool is closed");
                });
        JobDispatcher dispatcher = dispatcher(broken, (events, connection) -> {});
        work.claimed(new Claimed(0, 1));
        arrived(0);

        turn(dispatcher, work);

        assertThat(work.isBusy()).isFalse();
        assertThat(work.state()).isEqualTo(State.CLAIMING);
        assertThat(work.reason()).contains("the pool is closed");
    }

    @Test
    void retriesAfterAnErrorInAnyOtherJob() {
        DataSource broken = (DataSource) Proxy.newProxyInstance(
                JobDispatcherTest.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, arguments) -> {
                    throw new NoClassDefFoundError("org/postgresql/Driver");
                });
        JobDispatcher dispatcher = dispatcher(broken, (events, connection) -> {});

        turn(dispatcher, work); // a claim

        assertThat(work.isBusy()).isFalse();
        assertThat(work.state()).isEqualTo(State.CLAIMING);
        assertThat(work.reason()).contains("org/postgresql/Driver");
    }

    /**
     * A gap is found while a worker applies events before it. Its commit must not let the partition continue after the
     * gap.
     */
    @Test
    void ignoresAnOutcomeForTheNextJobIfThePartitionWasStopped() {
        List<Runnable> out = new ArrayList<>();
        JobDispatcher dispatcher = dispatcher(database(), (events, connection) -> {}, out::add);
        work.claimed(new Claimed(0, 1));
        arrived(0);
        dispatcher.beginNext(work);
        work.stop("a gap");

        out.remove(0).run();
        dispatcher.takeReports();

        assertThat(work.state()).isEqualTo(State.STOPPED);
        assertThat(work.isClaimed()).isFalse();
        assertThat(work.wantsEvents()).isFalse();
        offsets.commitNow(List.of(KAFKA));
        assertThat(consumer.committed(Set.of(KAFKA))).containsEntry(KAFKA, new OffsetAndMetadata(1, ""));
    }

    @Test
    void ignoresAnOutcomeForTheNextJobIfThePartitionWasRestarted() {
        List<Runnable> out = new ArrayList<>();
        JobDispatcher dispatcher = dispatcher(database(), (events, connection) -> {}, out::add);
        work.claimed(new Claimed(0, 1));
        arrived(0);
        dispatcher.beginNext(work);
        work.stop("a gap");
        work.restart();

        out.remove(0).run();
        dispatcher.takeReports();

        assertThat(work.isClaimed()).isFalse();
        assertThat(work.begin(System.nanoTime())).contains(new Job.Claim());
    }
}
