package io.tidemark.consumers.projection;

import io.tidemark.consumers.progress.ClaimResult.Claimed;
import io.tidemark.consumers.progress.ProgressTable.Partition;
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
 * but for the two flags that workers read.
 */
final class PartitionWork {

    private final Partition partition;
    private final FailurePolicy policy;
    private final int maxBatch;
    private final RetryPlan plan;

    private final Deque<Event> waiting = new ArrayDeque<>();
    private @Nullable Claimed claimed;
    private OptionalLong startAt = OptionalLong.empty();
    private boolean hadProgress;
    private boolean isBusy;
    private boolean isStopped;
    private boolean isNoteDue;
    private boolean isNoted;
    private String reason = "";
    private long fetchedUpTo;
    private volatile boolean isLeaving;
    private volatile boolean isAbandoned;

    PartitionWork(Partition partition, FailurePolicy policy, int maxBatch, RandomGenerator random) {
        this.partition = partition;
        this.policy = policy;
        this.maxBatch = maxBatch;
        this.plan = new RetryPlan(policy, maxBatch, random);
    }

    Partition partition() {
        return partition;
    }

    /** What to do now, if anything; the caller does it and reports. */
    Optional<Job> begin(long nowNanos) {
        if (isBusy || isStopped || isLeaving || !plan.isDue(nowNanos)) {
            return Optional.empty();
        }
        Optional<Job> job = next();
        isBusy = job.isPresent();
        plan.begun();
        return job;
    }

    private Optional<Job> next() {
        if (startAt.isPresent()) {
            return Optional.of(new Job.Start(startAt.getAsLong()));
        }
        if (claimed == null) {
            return Optional.of(new Job.Claim());
        }
        if (isNoteDue && !isNoted) {
            return Optional.of(new Job.NoteCaughtUp(claimed));
        }
        Event head = waiting.peek();
        if (head == null) {
            return Optional.empty();
        }
        Throwable hopeless = plan.exhaustedBy();
        if (hopeless != null && policy.afterwards() instanceof FailurePolicy.Afterwards.DeadLetter deadLetter) {
            return Optional.of(new Job.PutAside(head, claimed, deadLetter.topic(), hopeless, plan.failures()));
        }
        int size = Math.min(plan.limit(), waiting.size());
        List<Event> batch = new ArrayList<>(size);
        for (Iterator<Event> events = waiting.iterator(); batch.size() < size; ) {
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
        plan.claimed();
        reason = "";
    }

    /** There is no progress yet: it begins here. */
    void startAt(long nextOffset) {
        startAt = OptionalLong.of(nextOffset);
    }

    void started() {
        startAt = OptionalLong.empty();
    }

    /** It has come near the end of its topic; that is to be noted, once. */
    void caughtUp() {
        isNoteDue = true;
    }

    void noted() {
        isNoted = true;
    }

    void advanced(Claimed result) {
        claimed = result;
        while (!waiting.isEmpty() && waiting.element().offset() < result.nextOffset()) {
            waiting.remove();
        }
        plan.advancedTo(result.nextOffset());
        reason = "";
    }

    /**
     * The batch cannot be applied: half of it is tried next, at once; a single event again after a while, until the
     * policy has had enough.
     */
    void refused(Job.Apply batch, Throwable why, long nowNanos) {
        List<Event> events = batch.events();
        reason = events.get(0) + (events.size() > 1 ? " or one of the next " + (events.size() - 1) : "") + ": " + why;
        if (!plan.refused(events, why, nowNanos)) {
            stop(reason + " (" + plan.failures() + " attempts)");
        }
    }

    /** Nothing is known any more but what the database says: claim again, after a while that grows. */
    void claimAgain(String why, long nowNanos) {
        claimed = null;
        waiting.clear();
        reason = why;
        plan.pause(nowNanos);
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
        plan.reset();
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
        return plan.failures();
    }

    String reason() {
        return reason;
    }

    /** When something is to be done again, if it only waits for its time. */
    OptionalLong dueNanos() {
        return isStopped || isBusy ? OptionalLong.empty() : plan.dueNanos();
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
        return plan.failures() > 0 ? RunnerSnapshot.State.RETRYING : RunnerSnapshot.State.APPLYING;
    }
}
