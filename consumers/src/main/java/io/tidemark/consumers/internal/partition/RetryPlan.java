package io.tidemark.consumers.internal.partition;

import io.tidemark.consumers.Event;
import io.tidemark.consumers.FailurePolicy;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * When a partition's next job may begin, with how many events at most, and when its policy has had enough. Polling thread
 * only; pure but for the random delays.
 */
final class RetryPlan {

    private static final Backoff PAUSES = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(10));

    /** So many sessions lost in one place, with a claim that succeeded before each, are not the server's doing. */
    private static final int MAX_SESSIONS_LOST = 5;

    private final FailurePolicy policy;
    private final Backoff retries;
    private final int maxBatch;
    private final RandomGenerator random;

    private int failures;
    private int sessionsLost;
    private int pauses;
    private int contentions;
    /** Where the partition stands: the same place has the same events. */
    private long standsAt = -1;

    private int limit;
    /** Before this offset, batches are cut to {@link #limit}: in there is an event that fails. */
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

    /** What was due has begun. */
    void begun() {
        isDelayed = false;
    }

    /** When the next job is due, if it has to wait. */
    OptionalLong dueNanos() {
        return isDelayed ? OptionalLong.of(dueNanos) : OptionalLong.empty();
    }

    /** The progress was claimed. In another place than before the next event is not the one that failed. */
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

    /** With all attempts again. */
    void reset() {
        failures = 0;
        contentions = 0;
        sessionsLost = 0;
        exhaustedBy = null;
    }

    /**
     * The events cannot be applied: half of them are next, at once; a single one again after a while.
     *
     * @return false when the policy has had enough, and stops the partition
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

    /** The events cannot be applied for now: half of them are next, which hold fewer locks, after a while that grows. */
    void contended(List<Event> events, long nowNanos) {
        suspectEnd = Math.max(suspectEnd, events.get(events.size() - 1).offset() + 1);
        limit = Math.max(1, events.size() / 2);
        contentions++;
        delay(PAUSES.after(contentions, random), nowNanos);
    }

    /** How often the next events could not be applied without anybody's fault. */
    int contentions() {
        return contentions;
    }

    /**
     * The session was lost in the place that was claimed.
     *
     * @return whether that is a failure of the events by now
     */
    boolean sessionLost() {
        sessionsLost++;
        return sessionsLost >= MAX_SESSIONS_LOST;
    }

    /** The database is away, or somebody else is the owner: after a while that grows. */
    void pause(long nowNanos) {
        pauses++;
        delay(PAUSES.after(pauses, random), nowNanos);
    }

    private void delay(Duration duration, long nowNanos) {
        isDelayed = true;
        dueNanos = nowNanos + duration.toNanos();
    }

    /** At most so many events in the next batch. */
    int limit() {
        return limit;
    }

    /** How often the event that is next has failed alone. */
    int failures() {
        return failures;
    }

    /** Why the next event is to become a dead letter; null when it is not. */
    @Nullable
    Throwable exhaustedBy() {
        return exhaustedBy;
    }
}
