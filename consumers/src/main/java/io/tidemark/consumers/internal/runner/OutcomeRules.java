// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.runner;

import io.tidemark.consumers.Projection;
import io.tidemark.consumers.internal.apply.Job;
import io.tidemark.consumers.internal.apply.Outcome;
import io.tidemark.consumers.internal.partition.PartitionWork;
import io.tidemark.consumers.internal.progress.ClaimResult;
import io.tidemark.consumers.internal.progress.ClaimResult.Claimed;
import io.tidemark.consumers.internal.progress.Generations;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides what to do after each outcome, and logs it. Polling thread only. */
final class OutcomeRules {

    private static final Logger LOG = LoggerFactory.getLogger(OutcomeRules.class);
    private static final Duration ASK_TIMEOUT = Duration.ofSeconds(5);

    private final Projection projection;
    private final Consumer<byte[], byte[]> consumer;
    private final OffsetCommitter offsets;
    private final Counters counters;

    OutcomeRules(Projection projection, Consumer<byte[], byte[]> consumer, OffsetCommitter offsets, Counters counters) {
        this.projection = projection;
        this.consumer = consumer;
        this.offsets = offsets;
        this.counters = counters;
    }

    /** @param matters whether it may change the partition's next job; progress is always counted and committed */
    void take(PartitionWork work, Job job, Outcome outcome, boolean matters) {
        if (outcome instanceof Outcome.JvmFailed failed) {
            throw failed.error(); // ends the runner, because this JVM is not reliable
        }
        if (outcome instanceof Outcome.Advanced advanced) {
            countAndCommit(work, job, advanced);
        }
        if (matters) {
            follow(work, job, outcome);
        }
    }

    private void follow(PartitionWork work, Job job, Outcome outcome) {
        if (outcome instanceof Outcome.Advanced advanced) {
            work.advanced(advanced.claimed());
        } else if (outcome instanceof Outcome.ClaimAnswered answered) {
            claimAnswered(work, answered.result());
        } else if (outcome instanceof Outcome.Started) {
            work.started();
        } else if (outcome instanceof Outcome.Noted) {
            work.noted();
        } else if (outcome instanceof Outcome.Refused refused) {
            refused(work, job, refused.reason());
        } else if (outcome instanceof Outcome.Contended contended) {
            contended(work, job, contended.reason());
        } else if (outcome instanceof Outcome.DeadLetterRefused refused
                && job instanceof Job.SendDeadLetter deadLetter) {
            stop(
                    work,
                    deadLetter.event() + ": " + deadLetter.reason() + "; and "
                            + refused.reason().getMessage());
        } else if (outcome instanceof Outcome.SessionLost lost) {
            sessionLost(work, job, lost.reason());
        } else if (outcome instanceof Outcome.Unreachable unreachable) {
            again(work, String.valueOf(unreachable.reason()));
        } else if (outcome instanceof Outcome.Lost) {
            again(work, "another owner has claimed the partition or changed its progress");
        }
    }

    private void countAndCommit(PartitionWork work, Job job, Outcome.Advanced advanced) {
        if (job instanceof Job.SendDeadLetter deadLetter) {
            counters.deadLettered.incrementAndGet();
            LOG.warn(
                    "event=dead-lettered projection={} at={} topic={} reason=\"{}\"",
                    projection.name(),
                    deadLetter.event(),
                    deadLetter.topic(),
                    deadLetter.reason().toString());
        }
        counters.applied.addAndGet(advanced.applied());
        offsets.advanceTo(kafka(work), advanced.claimed().nextOffset());
    }

    private void claimAnswered(PartitionWork work, ClaimResult result) {
        if (result instanceof Claimed claimed) {
            LOG.info(
                    "event=claimed projection={} partition={} nextOffset={} epoch={}",
                    projection.name(),
                    work.partition(),
                    claimed.nextOffset(),
                    claimed.epoch());
            work.claimed(claimed);
            consumer.seek(kafka(work), claimed.nextOffset());
            // the watermark reads this offset, whatever its earlier value
            offsets.advanceTo(kafka(work), claimed.nextOffset());
        } else if (result instanceof ClaimResult.OfAnotherGroup other) {
            stop(
                    work,
                    "the progress of " + projection.name() + " in " + work.partition() + " belongs to group '"
                            + other.groupId()
                            + "': two programs use one projection name; give this one another name, or"
                            + " the same group.id; if the group was renamed, update group_id in tidemark_progress");
        } else if (result instanceof ClaimResult.OfAnotherTopic other) {
            stop(work, topicMadeAgain(work, other));
        } else if (result instanceof ClaimResult.Replaced replaced) {
            again(work, Generations.replacement(projection.name(), projection.generation(), replaced.by()));
        } else {
            withoutProgress(work);
        }
    }

    private String topicMadeAgain(PartitionWork work, ClaimResult.OfAnotherTopic other) {
        String topic = work.partition().topic();
        return "topic " + topic + " was deleted and created again: the progress of " + projection.name() + " in "
                + work.partition() + " belongs to topic id " + other.recordedId() + ", but the topic has id "
                + other.currentId() + ". Offset " + other.nextOffset()
                + " is another event there, so no event of the new topic was applied. To rebuild the projection from"
                + " the new topic, start it with generation " + (projection.generation() + 1)
                + ". If the new topic continues the old one at another offset, set it: update tidemark_progress set"
                + " topic_id = '" + other.currentId() + "', next_offset = <offset> where projection = '"
                + projection.name() + "' and generation = " + projection.generation() + " and topic = '" + topic
                + "' and partition = " + work.partition().partition();
    }

    /** A new partition starts at its beginning. But if the group has committed offsets there, the progress was lost. */
    private void withoutProgress(PartitionWork work) {
        TopicPartition partition = kafka(work);
        try {
            Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(Set.of(partition), ASK_TIMEOUT);
            OffsetAndMetadata offset = committed.get(partition);
            if (work.hadProgress() || (offset != null && offset.offset() > 0)) {
                stop(
                        work,
                        "tidemark_progress has no row for " + work.partition() + " of " + projection.name()
                                + ", although events up to offset " + (offset == null ? "?" : offset.offset())
                                + " were consumed; applying them again would repeat their effects. Insert a row with"
                                + " the right next_offset, or, to start from the beginning, empty the projection's"
                                + " tables"
                                + " and delete the group's offsets (kafka-consumer-groups --delete-offsets)");
                return;
            }
            Long beginning =
                    consumer.beginningOffsets(Set.of(partition), ASK_TIMEOUT).get(partition);
            work.startAt(beginning == null ? 0 : beginning);
        } catch (TimeoutException | WakeupException e) {
            again(work, "Kafka does not return the group's offsets: " + e);
        }
    }

    private void refused(PartitionWork work, Job job, Throwable why) {
        if (!(job instanceof Job.Apply batch)) {
            again(work, String.valueOf(why)); // a claim or a start: no event is to blame
            return;
        }
        work.refused(batch, why, System.nanoTime());
        logRefused(work, batch, why);
    }

    /** Other transactions are the cause. One line each time; the attempts are up to ten seconds apart. */
    private void contended(PartitionWork work, Job job, Throwable why) {
        if (!(job instanceof Job.Apply batch)) {
            again(work, String.valueOf(why));
            return;
        }
        work.contended(batch, why, System.nanoTime());
        LOG.warn(
                "event=contended projection={} times={} reason=\"{}\"",
                projection.name(),
                work.contentions(),
                work.reason());
    }

    /** The events are to blame only if the same ones lose the session repeatedly. */
    private void sessionLost(PartitionWork work, Job job, Throwable why) {
        again(work, String.valueOf(why));
        if (job instanceof Job.Apply batch && work.sessionLost(batch, why, System.nanoTime())) {
            logRefused(work, batch, why);
        }
    }

    private void logRefused(PartitionWork work, Job.Apply batch, Throwable why) {
        counters.retried.incrementAndGet();
        if (work.isStopped()) {
            LOG.error("event=partition-stopped projection={} reason=\"{}\"", projection.name(), work.reason(), why);
        } else if (batch.events().size() == 1) {
            LOG.warn(
                    "event=not-applied projection={} attempts={} reason=\"{}\"",
                    projection.name(),
                    work.failures(),
                    work.reason());
        }
    }

    private void again(PartitionWork work, String why) {
        LOG.warn(
                "event=claim-again projection={} partition={} reason=\"{}\"", projection.name(), work.partition(), why);
        work.claimAgain(why, System.nanoTime());
    }

    /** @param offset the next offset, which the topic does not have */
    void stopAtGap(PartitionWork work, long offset) {
        stop(
                work,
                "offset " + offset + " of " + work.partition()
                        + " is not in the topic: retention has deleted events that"
                        + " were never applied, or the topic was created again;"
                        + " restore the projection from its source, then set"
                        + " next_offset in tidemark_progress. (If the program was killed within seconds of its last"
                        + " event and started after all events had expired, only a transaction marker may be"
                        + " missing; then setting next_offset is enough.)");
    }

    private void stop(PartitionWork work, String why) {
        work.stop(why);
        LOG.error("event=partition-stopped projection={} reason=\"{}\"", projection.name(), why);
    }

    private static TopicPartition kafka(PartitionWork work) {
        return new TopicPartition(work.partition().topic(), work.partition().partition());
    }
}
