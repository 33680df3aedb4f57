// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.runner;

import io.tidemark.consumers.Event;
import io.tidemark.consumers.Projection;
import io.tidemark.consumers.RunnerSnapshot;
import io.tidemark.consumers.internal.apply.Applier;
import io.tidemark.consumers.internal.partition.PartitionWork;
import io.tidemark.consumers.internal.progress.ProgressTable.Partition;
import io.tidemark.outbox.OffsetNotes;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One membership in a group, from joining to leaving: fetches, dispatches jobs, commits offsets to Kafka. Polls
 * continuously, so that a slow handler does not lose the membership. Polling thread only, except for {@link #wakeUp}.
 */
final class ConsumerSession implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ConsumerSession.class);
    private static final Duration LONGEST_POLL = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    /**
     * Maximum time after the drain timeout for the last jobs. Handlers that have not ended may still occupy workers.
     */
    private static final Duration LAST_TIMEOUT = Duration.ofSeconds(2);

    private final Projection projection;
    private final Duration drainTimeout;
    private final Consumer<byte[], byte[]> consumer;
    private final boolean isBuilding;
    private final OutcomeRules rules;
    private final JobDispatcher dispatcher;
    private final OffsetCommitter offsets;
    private final SessionView view;

    private final Map<TopicPartition, PartitionWork> works = new LinkedHashMap<>();
    private volatile boolean isPolling;

    /** @param isBuilding whether the generation is being built, so that its catching up must be recorded */
    ConsumerSession(
            Projection projection,
            Duration drainTimeout,
            Consumer<byte[], byte[]> consumer,
            boolean isBuilding,
            Applier applier,
            Executor workers,
            Counters counters) {
        this.projection = projection;
        this.drainTimeout = drainTimeout;
        this.consumer = consumer;
        this.isBuilding = isBuilding;
        this.offsets = new OffsetCommitter(consumer, isBuilding ? OffsetNotes.REBUILDING : "");
        this.rules = new OutcomeRules(projection, consumer, offsets, counters);
        this.dispatcher = new JobDispatcher(applier, workers, rules, this::wakeUp);
        this.view = new SessionView(consumer, works);
    }

    void join() {
        consumer.subscribe(projection.topics(), new Rebalance());
    }

    /** One round: takes the workers' reports, dispatches the next jobs, and polls Kafka. */
    void turn() {
        dispatcher.takeReports();
        works.values().forEach(dispatcher::beginNext);
        offsets.commitNew(System.nanoTime());
        Set<TopicPartition> paused = consumer.paused();
        works.forEach((partition, work) -> pauseOrResume(partition, work, paused.contains(partition)));
        keep(poll());
        if (isBuilding) {
            works.forEach(this::noteIfCaughtUp);
        }
    }

    private void keep(ConsumerRecords<byte[], byte[]> records) {
        for (ConsumerRecord<byte[], byte[]> record : records) {
            PartitionWork work = works.get(new TopicPartition(record.topic(), record.partition()));
            if (work != null && work.isClaimed()) {
                work.backlog().add(Event.of(record));
            }
        }
        records.nextOffsets().forEach((partition, next) -> {
            PartitionWork work = works.get(partition);
            if (work != null && work.isClaimed()) {
                work.backlog().fetchedUpTo(next.offset());
            }
        });
    }

    /** Within one batch of the end, because under load a partition never reaches the end itself. */
    private void noteIfCaughtUp(TopicPartition partition, PartitionWork work) {
        OptionalLong lag = view.lag(partition, work);
        if (lag.isPresent() && lag.getAsLong() <= projection.maxBatch()) {
            work.caughtUp();
        }
    }

    /** Wakes up a waiting poll. On any thread. */
    void wakeUp() {
        if (isPolling) {
            consumer.wakeup();
        }
    }

    /** Paused partitions keep their membership through poll, which fetches for the others. */
    private void pauseOrResume(TopicPartition partition, PartitionWork work, boolean isPaused) {
        if (isPaused && work.wantsEvents()) {
            consumer.resume(List.of(partition));
        } else if (!isPaused && !work.wantsEvents()) {
            consumer.pause(List.of(partition));
        }
    }

    private ConsumerRecords<byte[], byte[]> poll() {
        isPolling = true;
        try {
            return consumer.poll(dispatcher.hasReports() ? Duration.ZERO : untilNextJob());
        } catch (WakeupException e) {
            return ConsumerRecords.empty(); // a worker has reported, or the runner is closing
        } catch (OffsetOutOfRangeException e) {
            e.offsetOutOfRangePartitions().forEach(this::stopAtGap);
            return ConsumerRecords.empty();
        } finally {
            isPolling = false;
        }
    }

    private Duration untilNextJob() {
        long now = System.nanoTime();
        long nanos = LONGEST_POLL.toNanos();
        for (PartitionWork work : works.values()) {
            OptionalLong due = work.dueNanos();
            if (due.isPresent()) {
                nanos = Math.min(nanos, Math.max(0, due.getAsLong() - now));
            }
        }
        return Duration.ofNanos(nanos);
    }

    private void stopAtGap(TopicPartition partition, long offset) {
        PartitionWork work = works.get(partition);
        if (work != null) {
            rules.stopAtGap(work, offset);
        }
    }

    /** Starts a stopped partition again. Does nothing if it is not stopped. */
    void resume(Partition partition) {
        PartitionWork work = works.get(new TopicPartition(partition.topic(), partition.partition()));
        if (work != null && work.isStopped()) {
            LOG.info("event=partition-resumed projection={} partition={}", projection.name(), partition);
            work.restart();
        }
    }

    /** Every partition of the topics, assigned here or not. Asks Kafka only about a topic that does not exist yet. */
    Set<Partition> allPartitions() {
        Set<Partition> all = new HashSet<>();
        for (String topic : projection.topics()) {
            consumer.partitionsFor(topic).forEach(info -> all.add(new Partition(topic, info.partition())));
        }
        return all;
    }

    List<RunnerSnapshot.Partition> partitions() {
        return view.partitions();
    }

    /** Lets handlers end within the drain timeout, commits offsets to Kafka, and leaves the group. */
    @Override
    public void close() {
        try {
            giveAway(List.copyOf(works.keySet()));
        } finally {
            consumer.close();
        }
    }

    private void giveAway(Collection<TopicPartition> partitions) {
        Map<TopicPartition, PartitionWork> leaving = new HashMap<>(works);
        leaving.keySet().retainAll(partitions);
        leaving.values().forEach(work -> work.tenure().leave());
        if (!dispatcher.awaitEnd(leaving.values(), drainTimeout)) {
            LOG.warn("event=handler-left-behind projection={} drainTimeout={}", projection.name(), drainTimeout);
        }
        if (!dispatcher.endLast(leaving.values(), LAST_TIMEOUT)) {
            LOG.info("event=markers-not-passed projection={} timeout={}", projection.name(), LAST_TIMEOUT);
        }
        offsets.commitNow(partitions);
        drop(partitions);
    }

    private void drop(Collection<TopicPartition> partitions) {
        offsets.forget(partitions);
        for (TopicPartition partition : partitions) {
            PartitionWork work = works.remove(partition);
            if (work != null) {
                work.tenure().end();
            }
        }
    }

    /** Called inside poll and close. */
    private final class Rebalance implements ConsumerRebalanceListener {

        /** Nothing is fetched before the progress is claimed. Setting any position keeps Kafka from looking one up. */
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            consumer.pause(partitions);
            for (TopicPartition partition : partitions) {
                consumer.seek(partition, 0);
                works.put(
                        partition,
                        new PartitionWork(
                                new Partition(partition.topic(), partition.partition()),
                                projection.onFailure(),
                                projection.maxBatch(),
                                isBuilding ? Duration.ZERO : PATIENCE, // a switch waits for the last offset
                                new SplittableRandom()));
            }
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            giveAway(partitions);
        }

        /** Other members already own them, so there are no jobs to wait for and no offsets to commit. */
        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            LOG.warn("event=partitions-lost projection={} partitions={}", projection.name(), partitions);
            drop(partitions);
        }
    }
}
