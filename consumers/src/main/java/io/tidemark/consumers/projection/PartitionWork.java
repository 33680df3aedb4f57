package io.tidemark.consumers.projection;

import io.tidemark.consumers.progress.ClaimResult.Claimed;
import io.tidemark.consumers.progress.ProgressTable.Partition;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One assigned partition: what has arrived, what to do next, what a failure leads to. Only the polling thread uses it,
 * but for the two flags that workers read. Pure but for the random delays.
 */
final class PartitionWork {

    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

    private final Partition partition;
    private final FailurePolicy policy;
    private final int maxBatch;
    private final RandomGenerator random;

    private final Deque<Event> waiting = new ArrayDeque<>();
    private @Nullable Claimed claimed;
    private OptionalLong startAt = OptionalLong.empty();
    private boolean hadProgress;
    private @Nullable Throwable exhaustedBy;
    private boolean isBusy;
    private boolean isStopped;
    private String reason = "";
    private int failures;
    private int pauses;
    private int limit;
    /** Before this offset, batches are cut to {@link #limit}: in there is an event that fails. */
    private long suspectEnd;

    private long fetchedUpTo;

    private long dueNanos;
    private boolean isDelayed;
    private volatile boolean isLeaving;
    private volatile boolean isAbandoned;

    PartitionWork(Partition partition, FailurePolicy policy, int maxBatch, RandomGenerator random) {
        this.partition = partition;
        this.policy = policy;
        this.maxBatch = maxBatch;
        this.random = random;
        this.limit = maxBatch;
    }

    Partition partition() {
        return partition;
    }

    /** What to do now, if anything; the caller does it and reports. */
    Optional<Job> begin(long nowNanos) {
        if (isBusy || isStopped || isLeaving || (isDelayed && nowNanos - dueNanos < 0)) {
            return Optional.empty();
        }
        Optional<Job> job = next();
        isBusy = job.isPresent();
        isDelayed = false;
        return job;
    }

    private Optional<Job> next() {
        if (startAt.isPresent()) {
            return Optional.of(new Job.Start(startAt.getAsLong()));
        }
        if (claimed == null) {
            return Optional.of(new Job.Claim());
        }
        Event head = waiting.peek();
        if (head == null) {
            return Optional.empty();
        }
        if (exhaustedBy != null && policy.afterwards() instanceof FailurePolicy.Afterwards.DeadLetter deadLetter) {
            return Optional.of(new Job.PutAside(head, claimed, deadLetter.topic(), exhaustedBy, failures));
        }
        List<Event> batch = new ArrayList<>(Math.min(limit, waiting.size()));
        Iterator<Event> events = waiting.iterator();
        while (batch.size() < limit && events.hasNext()) {
            batch.add(events.next());
        }
        return Optional.of(new Job.Apply(List.copyOf(batch), claimed));
    }

    /** Whatever was begun has ended. */
    void ended() {
        isBusy = false;
    }

    /** Its progress is ours, and events from its next offset on are wanted. */
    void claimed(Claimed result) {
        waiting.clear();
        claimed = result;
        fetchedUpTo = result.nextOffset();
        hadProgress = true;
        failures = 0; // the next event need not be the one that failed: another owner may have got past it
        exhaustedBy = null;
        pauses = 0;
        reason = "";
    }

    /** There is no progress yet: it begins here. */
    void startAt(long nextOffset) {
        startAt = OptionalLong.of(nextOffset);
    }

    void started() {
        startAt = OptionalLong.empty();
    }

    void advanced(Claimed result) {
        claimed = result;
        while (!waiting.isEmpty() && waiting.element().offset() < result.nextOffset()) {
            waiting.remove();
        }
        if (result.nextOffset() >= suspectEnd) {
            limit = maxBatch;
        }
        failures = 0;
        pauses = 0;
        exhaustedBy = null;
        reason = "";
    }

    /**
     * The batch cannot be applied: half of it is tried next, at once; a single event again after a while, until the
     * policy has had enough.
     */
    void refused(Job.Apply batch, Throwable why, long nowNanos) {
        List<Event> events = batch.events();
        reason = events.get(0) + (events.size() > 1 ? " or one of the next " + (events.size() - 1) : "") + ": " + why;
        suspectEnd = events.get(events.size() - 1).offset() + 1;
        if (events.size() > 1) {
            limit = events.size() / 2;
            return;
        }
        limit = 1;
        failures++;
        if (failures < policy.attempts()) {
            delay(policy.delayAfter(failures, random), nowNanos);
        } else if (policy.afterwards() instanceof FailurePolicy.Afterwards.StopPartition) {
            stop(reason + " (" + failures + " attempts)");
        } else {
            exhaustedBy = why;
        }
    }

    /** Nothing is known any more but what the database says: claim again, after a while that grows. */
    void claimAgain(String why, long nowNanos) {
        claimed = null;
        waiting.clear();
        reason = why;
        pauses++;
        delay(
                new FailurePolicy(1, FIRST_PAUSE, LONGEST_PAUSE, policy.afterwards()).delayAfter(pauses, random),
                nowNanos);
    }

    private void delay(Duration duration, long nowNanos) {
        isDelayed = true;
        dueNanos = nowNanos + duration.toNanos();
    }

    /** Nothing more happens here until {@link #restart}. */
    void stop(String why) {
        isStopped = true;
        claimed = null;
        waiting.clear();
        reason = why;
    }

    /** After a stop: from the stored progress on, with all attempts. */
    void restart() {
        isStopped = false;
        failures = 0;
        exhaustedBy = null;
        reason = "";
    }

    /** No new job from now on. */
    void leave() {
        isLeaving = true;
    }

    /** The partition may be somebody else's by now: what is still at work is to be rolled back. */
    void abandon() {
        isLeaving = true;
        isAbandoned = true;
    }

    void add(Event event) {
        waiting.add(event);
        fetchedUpTo = event.offset() + 1;
    }

    /** Behind the last event that has arrived, or where fetching begins. */
    long fetchedUpTo() {
        return fetchedUpTo;
    }

    /** Whether more events are to be fetched; at most one fetch beyond two batches is kept. */
    boolean wantsEvents() {
        return claimed != null && waiting.size() < 2L * maxBatch;
    }

    boolean isClaimed() {
        return claimed != null;
    }

    /** Whether its progress was seen since it was assigned: then it cannot be missing for being new. */
    boolean hadProgress() {
        return hadProgress;
    }

    boolean isBusy() {
        return isBusy;
    }

    boolean isStopped() {
        return isStopped;
    }

    boolean isLeaving() {
        return isLeaving;
    }

    boolean isAbandoned() {
        return isAbandoned;
    }

    int failures() {
        return failures;
    }

    String reason() {
        return reason;
    }

    /** When something is to be done again, if it only waits for its time. */
    OptionalLong dueNanos() {
        return isDelayed && !isStopped && !isBusy ? OptionalLong.of(dueNanos) : OptionalLong.empty();
    }

    /** Its next offset, when that is known. */
    OptionalLong nextOffset() {
        return claimed == null ? OptionalLong.empty() : OptionalLong.of(claimed.nextOffset());
    }

    RunnerSnapshot.State state() {
        if (isStopped) {
            return RunnerSnapshot.State.STOPPED;
        }
        if (claimed == null) {
            return RunnerSnapshot.State.CLAIMING;
        }
        return failures > 0 ? RunnerSnapshot.State.RETRYING : RunnerSnapshot.State.APPLYING;
    }
}
