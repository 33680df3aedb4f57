// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.runner;

import io.tidemark.consumers.internal.apply.Applier;
import io.tidemark.consumers.internal.apply.Job;
import io.tidemark.consumers.internal.apply.Outcome;
import io.tidemark.consumers.internal.partition.PartitionWork;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives jobs to the workers and returns their outcomes to the polling thread, where the rules decide. Polling thread
 * only, except for {@link #report}. A partition has at most one job at a time.
 */
final class JobDispatcher {

    private static final Logger LOG = LoggerFactory.getLogger(JobDispatcher.class);

    private final Applier applier;
    private final Executor workers;
    private final OutcomeRules rules;
    private final Runnable wakeUp;

    /** At most one for each partition that is or was assigned. */
    private final BlockingQueue<Report> reports = new LinkedBlockingQueue<>();

    /** The outcome of a worker's job. */
    private record Report(PartitionWork work, Job job, Outcome outcome) {}

    /** @param wakeUp called by a worker after its report */
    JobDispatcher(Applier applier, Executor workers, OutcomeRules rules, Runnable wakeUp) {
        this.applier = applier;
        this.workers = workers;
        this.rules = rules;
        this.wakeUp = wakeUp;
    }

    /** Gives the partition's next job, if any, to a worker. */
    void beginNext(PartitionWork work) {
        work.begin(System.nanoTime())
                .ifPresent(job -> workers.execute(
                        () -> report(work, job, work.tenure().isLeaving() ? new Outcome.Skipped() : run(work, job))));
    }

    /** Always reports an outcome: a partition without a report would wait forever. */
    @SuppressWarnings("CatchingUnchecked")
    private Outcome run(PartitionWork work, Job job) {
        try {
            return applier.run(work.partition(), job, work.tenure()::isOver);
        } catch (VirtualMachineError e) {
            return new Outcome.JvmFailed(e);
        } catch (Throwable e) {
            LOG.error("event=job-failed partition={}", work.partition(), e);
            return job instanceof Job.Apply ? new Outcome.Refused(e) : new Outcome.Unreachable(e);
        }
    }

    /** Called by workers. */
    private void report(PartitionWork work, Job job, Outcome outcome) {
        reports.add(new Report(work, job, outcome));
        wakeUp.run();
    }

    boolean hasReports() {
        return !reports.isEmpty();
    }

    void takeReports() {
        for (Report report = reports.poll(); report != null; report = reports.poll()) {
            take(report);
        }
    }

    /** Handles a partition's outcome, unless the partition was revoked. */
    private void take(Report report) {
        boolean matters = report.work().ended();
        if (!report.work().tenure().isOver()) {
            rules.take(report.work(), report.job(), report.outcome(), matters);
        }
    }

    /** Takes reports until none of these has a running job; false if the timeout expires first. */
    boolean awaitEnd(Collection<PartitionWork> leaving, Duration timeout) {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (leaving.stream().anyMatch(PartitionWork::isBusy)) {
            Report report = nextReport(deadline - System.nanoTime());
            if (report == null) {
                return false;
            }
            take(report);
        }
        return true;
    }

    /**
     * Gives the last jobs of these partitions to workers, after all others have ended; false if the timeout expires
     * first.
     */
    boolean endLast(Collection<PartitionWork> leaving, Duration timeout) {
        List<PartitionWork> last = new ArrayList<>();
        for (PartitionWork work : leaving) {
            work.beginLast().ifPresent(job -> {
                last.add(work);
                workers.execute(() -> report(work, job, run(work, job)));
            });
        }
        return awaitEnd(last, timeout);
    }

    private @Nullable Report nextReport(long waitNanos) {
        try {
            return reports.poll(waitNanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }
}
