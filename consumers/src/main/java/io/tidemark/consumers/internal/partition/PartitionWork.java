// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.partition;

import io.tidemark.consumers.Event;
import io.tidemark.consumers.FailurePolicy;
import io.tidemark.consumers.RunnerSnapshot;
import io.tidemark.consumers.internal.apply.Job;
import io.tidemark.consumers.internal.progress.ClaimResult.Claimed;
import io.tidemark.consumers.internal.progress.ProgressTable.Partition;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One assigned partition: its pending events, its next job, and the effect of failures. Only the polling thread uses
 * it, except for its tenure.
 */
public final class PartitionWork {

    private final Partition partition;
    private final FailurePolicy policy;
    private final int maxBatch;
    private final RetryPlan plan;
    private final Backlog backlog;
    private final Tenure tenure = new Tenure();
    private @Nullable Claimed claimed;
    private OptionalLong startAt = OptionalLong.empty();
    private boolean hadProgress;
    private boolean isBusy;
    private boolean isStopped;
    private boolean isOvertaken;
    private boolean isNoteDue;
    private boolean isNoted;
    private String reason = "";

    /** @param patience minimum time without arrivals before the partition advances past offsets without events */
    public PartitionWork(
            Partition partition, FailurePolicy policy, int maxBatch, Duration patience, RandomGenerator random) {
        this.partition = partition;
        this.policy = policy;
        this.maxBatch = maxBatch;
        this.backlog = new Backlog(patience);
        this.plan = new RetryPlan(policy, maxBatch, random);
    }

    public Partition partition() {
        return partition;
    }

    public Backlog backlog() {
        return backlog;
    }

    public Tenure tenure() {
        return tenure;
    }

    /** The job to do now, if any. The caller does it and reports. */
    public Optional<Job> begin(long nowNanos) {
        if (isBusy || isStopped || tenure.isLeaving() || !plan.isDue(nowNanos)) {
            return Optional.empty();
        }
        Optional<Job> job = next(nowNanos);
        isBusy = job.isPresent();
        plan.begun();
        return job;
    }

    private Optional<Job> next(long nowNanos) {
        if (startAt.isPresent()) {
            return Optional.of(new Job.Start(startAt.getAsLong()));
        }
        if (claimed == null) {
            return Optional.of(new Job.Claim());
        }
        if (isNoteDue && !isNoted) {
            return Optional.of(new Job.NoteCaughtUp(claimed));
        }
        Event head = backlog.head();
        if (head == null) {
            return pass(claimed, backlog.passableUpTo(claimed.nextOffset(), nowNanos));
        }
        Throwable lastFailure = plan.exhaustedBy();
        if (lastFailure != null && policy.afterwards() instanceof FailurePolicy.Afterwards.DeadLetter deadLetter) {
            return Optional.of(new Job.SendDeadLetter(head, claimed, deadLetter.topic(), lastFailure, plan.failures()));
        }
        return Optional.of(new Job.Apply(backlog.first(plan.limit()), claimed));
    }

    private static Optional<Job> pass(Claimed claimed, OptionalLong end) {
        return end.isPresent() ? Optional.of(new Job.Pass(claimed, end.getAsLong())) : Optional.empty();
    }

    /**
     * The last job when everything else has ended and the partition is revoked. Without it, the next owner might find a
     * topic that begins after its progress, and could not know that no event was in between.
     */
    public Optional<Job> beginLast() {
        if (isBusy || claimed == null) {
            return Optional.empty();
        }
        Optional<Job> job = pass(claimed, backlog.passableUpTo(claimed.nextOffset()));
        isBusy = job.isPresent();
        return job;
    }

    /**
     * The job that was begun has ended. False if the partition was stopped meanwhile, so that the outcome has no
     * effect.
     */
    public boolean ended() {
        boolean matters = !isOvertaken;
        isBusy = false;
        isOvertaken = false;
        return matters;
    }

    /** The progress is claimed. Events are needed from its next offset on. */
    public void claimed(Claimed result) {
        claimed = result;
        backlog.begin(result.nextOffset());
        hadProgress = true;
        plan.claimed(result.nextOffset());
        reason = "";
    }

    /** The partition has no progress yet. It begins at this offset. */
    public void startAt(long nextOffset) {
        startAt = OptionalLong.of(nextOffset);
    }

    public void started() {
        startAt = OptionalLong.empty();
    }

    /** The partition is near the end of its topic. This is recorded once. */
    public void caughtUp() {
        isNoteDue = true;
    }

    public void noted() {
        isNoted = true;
    }

    public void advanced(Claimed result) {
        claimed = result;
        backlog.removeBelow(result.nextOffset());
        plan.advancedTo(result.nextOffset());
        reason = "";
    }

    /**
     * The batch cannot be applied. Half of it is tried next, immediately. A single event is tried again after a delay,
     * until its attempts are used up.
     */
    public void refused(Job.Apply batch, Throwable why, long nowNanos) {
        List<Event> events = batch.events();
        reason = events.get(0) + (events.size() > 1 ? " or one of the next " + (events.size() - 1) : "") + ": " + why;
        if (!plan.refused(events, why, nowNanos)) {
            stop(reason + " (" + plan.failures() + " attempts)");
        }
    }

    /**
     * The batch cannot be applied now, because of other transactions. It is tried again without limit, and no attempt
     * is counted.
     */
    public void contended(Job.Apply batch, Throwable why, long nowNanos) {
        reason = batch.events().get(0) + ": " + why + " (not the event's fault; tried again)";
        plan.contended(batch.events(), nowNanos);
    }

    /** How often other transactions have kept the next events from being applied. */
    public int contentions() {
        return plan.contentions();
    }

    /**
     * The database session ended while the batch was applied. The progress must be claimed again. If this happens
     * repeatedly at the same offset and the database answers each time in between, the batch is to blame.
     *
     * @return whether it was counted as a failure of the batch
     */
    public boolean sessionLost(Job.Apply batch, Throwable why, long nowNanos) {
        boolean isToBlame = plan.sessionLost();
        if (isToBlame) {
            refused(batch, why, nowNanos);
        }
        return isToBlame;
    }

    /** Only the database knows the progress now. Claims again, after an increasing delay. */
    public void claimAgain(String why, long nowNanos) {
        claimed = null;
        backlog.clear();
        reason = why;
        plan.pause(nowNanos);
    }

    /** Stops the partition until {@link #restart}. */
    public void stop(String why) {
        isStopped = true;
        isOvertaken = isBusy;
        claimed = null;
        backlog.clear();
        reason = why;
    }

    /** Continues after a stop, from the stored progress, with all attempts. */
    public void restart() {
        isStopped = false;
        plan.reset();
        reason = "";
    }

    /** Whether to fetch more events. At most one fetch beyond two batches is kept. */
    public boolean wantsEvents() {
        return claimed != null && backlog.size() < 2L * maxBatch;
    }

    public boolean isClaimed() {
        return claimed != null;
    }

    /**
     * Whether its progress was seen since it was assigned. Then it is not a new partition if the progress is missing.
     */
    public boolean hadProgress() {
        return hadProgress;
    }

    public boolean isBusy() {
        return isBusy;
    }

    public boolean isStopped() {
        return isStopped;
    }

    public int failures() {
        return plan.failures();
    }

    public String reason() {
        return reason;
    }

    /** When the next job is due, if the partition only waits for a delay. */
    public OptionalLong dueNanos() {
        return isStopped || isBusy ? OptionalLong.empty() : plan.dueNanos();
    }

    /** Its next offset, if known. */
    public OptionalLong nextOffset() {
        return claimed == null ? OptionalLong.empty() : OptionalLong.of(claimed.nextOffset());
    }

    public RunnerSnapshot.State state() {
        if (isStopped) {
            return RunnerSnapshot.State.STOPPED;
        }
        if (claimed == null) {
            return RunnerSnapshot.State.CLAIMING;
        }
        return plan.failures() > 0 || plan.contentions() > 0
                ? RunnerSnapshot.State.RETRYING
                : RunnerSnapshot.State.APPLYING;
    }
}
