// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.runner;

import io.tidemark.consumers.Projection;
import io.tidemark.consumers.RunnerConfig;
import io.tidemark.consumers.RunnerSnapshot;
import io.tidemark.consumers.RunnerSnapshot.Role;
import io.tidemark.consumers.internal.apply.Applier;
import io.tidemark.consumers.internal.apply.DeadLetterSender;
import io.tidemark.consumers.internal.apply.TopicIds;
import io.tidemark.consumers.internal.progress.ProgressTable;
import io.tidemark.consumers.internal.rebuild.GenerationWatch;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A runner's threads: the polling thread, which runs one session after another, the workers, and the watch of its
 * generation. Public methods are safe on any thread.
 */
public final class RunnerLoop implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RunnerLoop.class);
    private static final Duration RECONNECT_PAUSE = Duration.ofSeconds(2);
    private static final Duration ROLE_PAUSE = Duration.ofMillis(50);
    private static final long PARTITIONS_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** Time after the drain timeout to leave the group, which takes at most 30 s by default. */
    private static final Duration CLOSE_MARGIN = Duration.ofSeconds(40);

    private final Projection projection;
    private final RunnerConfig config;
    private final ConsumerProperties properties;
    private final Counters counters = new Counters();
    private final DeadLetterSender deadLetters;
    private final TopicIds topicIds;
    private final Applier applier;
    private final ExecutorService workers;
    private final Thread thread;
    private final GenerationWatch watch;
    private final Queue<ProgressTable.Partition> toResume = new ConcurrentLinkedQueue<>();
    private final CountDownLatch closing = new CountDownLatch(1);

    /** Null while not connected to Kafka. */
    private volatile @Nullable ConsumerSession session;

    private volatile boolean isRunning = true;
    private volatile String reason = "";
    private volatile List<RunnerSnapshot.Partition> partitions = List.of();

    private RunnerLoop(Projection projection, RunnerConfig config) {
        this.projection = projection;
        this.config = config;
        this.properties = new ConsumerProperties(projection, config);
        properties.check();
        this.deadLetters = new DeadLetterSender(projection.name(), config.kafka(), Clock.systemUTC());
        this.topicIds = new TopicIds(config.kafka());
        this.applier = new Applier(
                config.database(),
                new ProgressTable(projection.name(), projection.generation(), properties.group()),
                projection.handler(),
                deadLetters,
                topicIds);
        AtomicInteger number = new AtomicInteger();
        this.workers = Executors.newFixedThreadPool(
                config.workers(),
                task -> new Thread(task, "projection-" + projection.name() + "-worker-" + number.incrementAndGet()));
        this.watch = new GenerationWatch(projection, config.database(), this::wakeUp);
        this.thread = new Thread(this::run, "projection-" + projection.name());
    }

    /** @throws KafkaException when a Kafka property is not acceptable */
    public static RunnerLoop start(Projection projection, RunnerConfig config) {
        RunnerLoop loop = new RunnerLoop(projection, config);
        loop.watch.start();
        loop.thread.start();
        return loop;
    }

    private void run() {
        try {
            for (Role role = watch.role(); isOpen() && role != Role.REPLACED; role = watch.role()) {
                if (role == Role.UNKNOWN) {
                    reason = watch.trouble();
                    pause(ROLE_PAUSE);
                } else {
                    runSession(role);
                }
            }
            reason = isOpen() ? watch.trouble() : "";
        } catch (VirtualMachineError e) {
            reason = "the JVM has failed: " + e + "; no running batch was committed; restart the program";
            LOG.error("event=runner-failed projection={} reason=\"{}\"", projection.name(), reason);
            throw e; // to the thread's handler of uncaught exceptions, which may end the process
        } catch (RuntimeException | Error e) {
            reason = "a bug: " + e;
            LOG.error("event=runner-failed projection={}", projection.name(), e);
        } finally {
            isRunning = false;
            partitions = List.of();
            watch.end();
            workers.shutdown(); // so that a program can end without closing a runner that has ended
        }
    }

    /** Runs one session until the runner is closed, has another role, or Kafka ends the consumer. */
    private void runSession(Role role) {
        boolean isBuilding = role == Role.BUILDING;
        try (ConsumerSession current = connect(isBuilding)) {
            session = current;
            current.join();
            long partitionsSeen = System.nanoTime() - PARTITIONS_INTERVAL_NANOS;
            while (isOpen() && watch.role() == role) {
                current.turn();
                for (var next = toResume.poll(); next != null; next = toResume.poll()) {
                    current.resume(next);
                }
                if (isBuilding && System.nanoTime() - partitionsSeen >= PARTITIONS_INTERVAL_NANOS) {
                    watch.saw(current.allPartitions());
                    partitionsSeen = System.nanoTime();
                }
                partitions = current.partitions();
                reason = "";
            }
        } catch (KafkaException e) {
            reason = String.valueOf(e);
            partitions = List.of();
            LOG.warn("event=reconnect projection={} reason=\"{}\"", projection.name(), e.toString());
            pause(RECONNECT_PAUSE);
        } finally {
            session = null;
        }
    }

    private ConsumerSession connect(boolean isBuilding) {
        String group = isBuilding ? properties.buildingGroup() : properties.group();
        return new ConsumerSession(
                projection,
                config.drainTimeout(),
                new KafkaConsumer<>(properties.inGroup(group)),
                isBuilding,
                applier,
                workers,
                counters);
    }

    private boolean isOpen() {
        return closing.getCount() > 0;
    }

    /** Waits until the delay is over or the runner is closed. */
    private void pause(Duration duration) {
        try {
            if (closing.await(duration.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.info("event=closed-without-a-session projection={}", projection.name());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("only close() ends this thread", e);
        }
    }

    /** The state as of the last turn. Cheap. */
    public RunnerSnapshot snapshot() {
        return new RunnerSnapshot(
                projection.name(),
                projection.generation(),
                watch.role(),
                isRunning,
                reason,
                watch.rebuild(),
                partitions,
                counters.applied.get(),
                counters.retried.get(),
                counters.deadLettered.get());
    }

    /** Lets a stopped partition continue from its stored progress. Returns immediately. */
    public void resume(String topic, int partition) {
        toResume.add(new ProgressTable.Partition(topic, partition));
        wakeUp();
    }

    private void wakeUp() {
        ConsumerSession current = session;
        if (current != null) {
            current.wakeUp();
        }
    }

    /**
     * Lets running handlers end within the drain timeout, commits the group's offsets, and leaves the group. A handler that
     * takes longer is interrupted, and its transaction is rolled back.
     */
    @Override
    public void close() throws InterruptedException {
        closing.countDown();
        wakeUp();
        watch.close();
        thread.join(config.drainTimeout().plus(CLOSE_MARGIN).toMillis());
        workers.shutdownNow();
        if (!workers.awaitTermination(config.drainTimeout().toMillis(), TimeUnit.MILLISECONDS)) {
            LOG.error("event=handler-does-not-end projection={}", projection.name());
        }
        deadLetters.close();
        topicIds.close();
    }
}
