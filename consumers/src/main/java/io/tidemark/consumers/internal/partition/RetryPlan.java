// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.partition;

import io.tidemark.consumers.Event;
import io.tidemark.consumers.FailurePolicy;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * When a partition's next job may begin, with how many events at most, and when the attempts of its policy are used up.
 * Polling thread only; pure except for the random delays.
 */
final class RetryPlan {

    private static final Backoff PAUSES = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(10));

    /** After this number of sessions lost at one offset, each after a successful claim, the events are to blame. */
    private static final int MAX_SESSIONS_LOST = 5;

    private final FailurePolicy policy;
    private final Backoff retries;
    private final int maxBatch;
    private final RandomGenerator random;

    private int failures;
    private int sessionsLost;
    private int pauses;
    private int contentions;
    /** The partition's next offset. The same offset has the same events. */
    private long standsAt = -1;

    private int limit;
    /** Before this offset, batches are limited to {@link #limit}, because an event there fails. */
    private long suspectEnd;

    private @Nullable Throwable exhaustedBy;
    private boolean isDelayed;
    private long dueNanos;

    RetryPlan(FailurePolicy policy, int maxBatch, RandomGenerator random) {
        this.policy = policy;
        this.retries = new Backoff(policy.firstDelay(), policy.maxDelay());
        this.maxBatch = maxBatch;
        this.random = random;
        this.limit = maxBatch;
    }

    boolean isDue(long nowNanos) {
        return !isDelayed || nowNanos - dueNanos >= 0;
    }

    /** The due job has begun. */
    void begun() {
        isDelayed = false;
    }

    /** When the next job is due, if it must wait. */
    OptionalLong dueNanos() {
        return isDelayed ? OptionalLong.of(dueNanos) : OptionalLong.empty();
    }

    /** The progress was claimed. At another offset than before, the next event is not the one that failed. */
    void claimed(long nextOffset) {
        if (nextOffset != standsAt) {
            reset();
        }
        standsAt = nextOffset;
        pauses = 0;
    }

    void advancedTo(long nextOffset) {
        if (nextOffset >= suspectEnd) {
            limit = maxBatch;
        }
        reset();
        standsAt = nextOffset;
        pauses = 0;
    }

    /** Starts again, with all attempts. */
    void reset() {
        failures = 0;
        contentions = 0;
        sessionsLost = 0;
        exhaustedBy = null;
    }

    /**
     * The events cannot be applied. Half of them are next, immediately. A single event is tried again after a delay.
     *
     * @return false if the attempts are used up and the policy stops the partition
     */
    boolean refused(List<Event> events, Throwable why, long nowNanos) {
        suspectEnd = events.get(events.size() - 1).offset() + 1;
        if (events.size() > 1) {
            limit = events.size() / 2;
            return true;
        }
        limit = 1;
        failures++;
        if (failures < policy.attempts()) {
            delay(retries.after(failures, random), nowNanos);
            return true;
        }
        if (policy.afterwards() instanceof FailurePolicy.Afterwards.StopPartition) {
            return false;
        }
        exhaustedBy = why;
        return true;
    }

    /** The events cannot be applied now. Half of them, which hold fewer locks, are next, after an increasing delay. */
    void contended(List<Event> events, long nowNanos) {
        suspectEnd = Math.max(suspectEnd, events.get(events.size() - 1).offset() + 1);
        limit = Math.max(1, events.size() / 2);
        contentions++;
        delay(PAUSES.after(contentions, random), nowNanos);
    }

    /** How often other transactions have kept the next events from being applied. */
    int contentions() {
        return contentions;
    }

    /**
     * The session was lost at the claimed offset.
     *
     * @return whether this counts as a failure of the events
     */
    boolean sessionLost() {
        sessionsLost++;
        return sessionsLost >= MAX_SESSIONS_LOST;
    }

    /**
     * The database is unreachable, or another member owns the partition. The next job is due after an increasing delay.
     */
    void pause(long nowNanos) {
        pauses++;
        delay(PAUSES.after(pauses, random), nowNanos);
    }

    private void delay(Duration duration, long nowNanos) {
        isDelayed = true;
        dueNanos = nowNanos + duration.toNanos();
    }

    /** Maximum number of events in the next batch. */
    int limit() {
        return limit;
    }

    /** How often the next event has failed alone. */
    int failures() {
        return failures;
    }

    /** Why the next event will become a dead letter; null if it will not. */
    @Nullable
    Throwable exhaustedBy() {
        return exhaustedBy;
    }
}
