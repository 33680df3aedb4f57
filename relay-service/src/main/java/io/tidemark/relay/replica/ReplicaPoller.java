package io.tidemark.relay.replica;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.source.Nudges;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.source.StandbySession;
import io.tidemark.relay.source.StandbySession.State;
import io.tidemark.relay.source.TimelineHistory;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at one standby while somebody waits for it: one look answers all. Its thread ends, and its connections are
 * closed, when nobody has asked for a while.
 */
final class ReplicaPoller implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ReplicaPoller.class);

    private static final long FIRST_POLL_MILLIS = 2;
    private static final long LAST_POLL_MILLIS = 50;
    private static final long RETRY_MILLIS = 200;
    private static final long IDLE_SECONDS = 30;
    /** What is written now mostly arrives by itself within this time; only then is a nudge worth its WAL. */
    private static final int NUDGE_AFTER_POLLS = 3;

    private final String name;
    private final PostgresConfig standby;
    private final Nudges nudges;
    private final Queue<ReplicaWaiter> arriving = new ConcurrentLinkedQueue<>();
    private final Semaphore bell = new Semaphore(0);
    private @Nullable Thread thread;
    private volatile boolean isClosed;

    ReplicaPoller(String name, PostgresConfig standby, Nudges nudges) {
        this.name = name;
        this.standby = standby;
        this.nudges = nudges;
    }

    synchronized void enter(ReplicaWaiter waiter) {
        if (isClosed) {
            waiter.answer.complete(new ReplicaAnswer.Unavailable("this relay is shutting down"));
            return;
        }
        arriving.add(waiter);
        bell.release();
        if (thread == null) {
            thread = new Thread(this::work, "replica-" + name);
            thread.setDaemon(true);
            thread.start();
        }
    }

    private void work() {
        List<ReplicaWaiter> waiting = new ArrayList<>();
        try {
            while (!isClosed && awaitSomebody()) {
                take(waiting);
                serve(waiting);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) { // a bug: the trace is worth its lines
            LOG.error("event=replica-poller-failed replica={}", name, e);
            refuse(waiting, "unexpected: " + e);
        } finally {
            leave(waiting);
        }
    }

    /** @return false when nobody came for so long that the thread may end */
    private boolean awaitSomebody() throws InterruptedException {
        return !arriving.isEmpty() || bell.tryAcquire(IDLE_SECONDS, TimeUnit.SECONDS);
    }

    private synchronized void leave(List<ReplicaWaiter> waiting) {
        thread = null;
        refuse(waiting, "the standby's poller has ended"); // by an Error; nobody is left otherwise
        if (isClosed) {
            take(waiting);
            refuse(waiting, "this relay is shutting down");
        } else if (!arriving.isEmpty()) { // came while this thread was about to end
            thread = new Thread(this::work, "replica-" + name);
            thread.setDaemon(true);
            thread.start();
        }
    }

    private void take(List<ReplicaWaiter> waiting) {
        bell.drainPermits();
        for (ReplicaWaiter waiter = arriving.poll(); waiter != null; waiter = arriving.poll()) {
            waiting.add(waiter);
        }
    }

    /** Returns when nobody waits any more and a while has passed, or the connection is lost. */
    private void serve(List<ReplicaWaiter> waiting) throws InterruptedException {
        try (StandbySession session = StandbySession.open(standby)) {
            int timeline = 0;
            TimelineHistory history = TimelineHistory.none(1);
            Lsn last = Lsn.ZERO;
            int still = 0;
            do {
                take(waiting);
                State state = session.read();
                if (state.timeline() != timeline) {
                    history = session.history(state.timeline());
                    timeline = state.timeline();
                }
                answer(waiting, session.sourceId(), state, history);
                still = state.replayed().equals(last) ? still + 1 : 0;
                last = state.replayed();
                if (still == NUDGE_AFTER_POLLS) {
                    nudgeFor(waiting);
                }
                if (waiting.isEmpty()) {
                    still = 0;
                } else {
                    long backoff = Math.min(LAST_POLL_MILLIS, FIRST_POLL_MILLIS << Math.min(still, 10));
                    if (bell.tryAcquire(backoff, TimeUnit.MILLISECONDS)) { // somebody new: look at once
                        bell.release();
                    }
                }
            } while (!isClosed && (!waiting.isEmpty() || awaitSomebody()));
        } catch (SourceNotReady | SQLException e) {
            LOG.warn("event=replica-away replica={} error=\"{}\"", name, e.getMessage());
            refuse(waiting, "replica " + name + " cannot be asked: " + e.getMessage());
            TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
        }
    }

    private static void answer(List<ReplicaWaiter> waiting, String sourceId, State state, TimelineHistory history) {
        waiting.removeIf(waiter -> {
            waiter.judge(sourceId, state, history).ifPresent(waiter.answer::complete);
            return waiter.answer.isDone();
        });
    }

    /** On an idle database nothing else would bring the standby beyond a page's boundary, at which tokens can lie. */
    private void nudgeFor(List<ReplicaWaiter> waiting) {
        waiting.forEach(waiter -> nudges.request(waiter.lsn(), written -> {
            if (waiter.lsn().isAfter(written)) {
                waiter.answer.complete(new ReplicaAnswer.Ahead("the primary's WAL has come only to " + written));
            }
        }));
    }

    private static void refuse(List<ReplicaWaiter> waiting, String reason) {
        waiting.forEach(waiter -> waiter.answer.complete(new ReplicaAnswer.Unavailable(reason)));
        waiting.clear();
    }

    @Override
    public synchronized void close() {
        isClosed = true;
        bell.release();
    }
}
