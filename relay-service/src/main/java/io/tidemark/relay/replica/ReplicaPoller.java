// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replica;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.reason.Reason;
import io.tidemark.relay.replica.StandbySession.State;
import io.tidemark.relay.source.Nudges;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.timeline.TimelineHistory;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Polls one standby while there are waiters. One query answers all of them. When there has been no waiter for a while,
 * the thread ends and closes the connection.
 */
final class ReplicaPoller implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ReplicaPoller.class);

    private static final long FIRST_POLL_MILLIS = 2;
    private static final long LAST_POLL_MILLIS = 50;
    /** Limited, because no new waiter can be considered while the server waits for one LSN. */
    private static final long SERVERS_WAIT_MILLIS = 10;

    private static final long RETRY_MILLIS = 200;
    private static final long IDLE_SECONDS = 30;

    private static final String CLOSING = "this relay is shutting down";

    private final String name;
    private final PostgresConfig standby;
    private final Supplier<Optional<Primary>> primary;
    private final Nudges nudges;
    /** All waiters without an answer. */
    private final Set<ReplicaWaiter> waiting = ConcurrentHashMap.newKeySet();

    private final Semaphore bell = new Semaphore(0);
    private @Nullable Thread thread;
    private volatile @Nullable StandbySession session;
    private volatile boolean isClosed;

    /** @param primary the primary as the relay knows it; empty before the relay has reached it */
    ReplicaPoller(String name, PostgresConfig standby, Supplier<Optional<Primary>> primary, Nudges nudges) {
        this.name = name;
        this.standby = standby;
        this.primary = primary;
        this.nudges = nudges;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the callback cannot fail
    synchronized void enter(ReplicaWaiter waiter) {
        if (isClosed) {
            waiter.answer.complete(new ReplicaAnswer.Unavailable(CLOSING));
            return;
        }
        waiting.add(waiter);
        waiter.answer.whenComplete((answer, failure) -> waiting.remove(waiter));
        bell.release();
        if (thread == null) {
            start();
        }
    }

    private void start() {
        thread = new Thread(this::work, "replica-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    private void work() {
        boolean isIdle = false;
        try {
            while (!isClosed && awaitSomebody()) {
                serve();
            }
            isIdle = true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) { // a bug: log the stack trace
            LOG.error("event=replica-poller-failed replica={}", name, e);
            refuse("unexpected: " + e);
        } finally {
            leave(isIdle);
        }
    }

    /** @return false if the thread can end, because it had no waiter for a while */
    private boolean awaitSomebody() throws InterruptedException {
        return !waiting.isEmpty() || bell.tryAcquire(IDLE_SECONDS, TimeUnit.SECONDS);
    }

    private synchronized void leave(boolean isIdle) {
        thread = null;
        if (!isIdle) {
            refuse("the standby's poller has ended"); // usually because of an Error
        } else if (isClosed) {
            refuse(CLOSING);
        } else if (!waiting.isEmpty()) { // arrived while this thread was about to end
            start();
        }
    }

    /** Returns after a while without waiters, or when the connection is lost. */
    private void serve() throws InterruptedException {
        try (StandbySession opened = StandbySession.open(standby)) {
            session = opened;
            int timeline = 0;
            TimelineHistory history = TimelineHistory.none(1);
            Lsn last = Lsn.ZERO;
            int still = 0;
            while (!isClosed && awaitSomebody()) { // it may also have been closed meanwhile
                bell.drainPermits();
                State state = opened.read();
                if (state.timeline() != timeline) {
                    history = opened.history(state.timeline());
                    timeline = state.timeline();
                }
                answer(opened, state, history);
                still = state.replayed().equals(last) ? still + 1 : 0;
                last = state.replayed();
                if (waiting.isEmpty()) {
                    still = 0;
                } else {
                    pause(opened, state.replayed(), still);
                }
            }
        } catch (SourceNotReady | SQLException e) {
            if (!isClosed) {
                LOG.warn("event=replica-away replica={} error=\"{}\"", name, e.getMessage());
                refuse("replica " + name + " cannot be asked: " + Reason.of(e));
                TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
            }
        } finally {
            session = null;
        }
    }

    /**
     * Waits until the standby may have progressed or a new waiter has arrived. Then it is polled almost immediately.
     */
    private void pause(StandbySession opened, Lsn replayed, int still) throws SQLException, InterruptedException {
        Optional<Lsn> next = opened.canWait() ? next(replayed) : Optional.empty();
        if (next.isPresent() && bell.availablePermits() == 0) {
            opened.awaitReplayed(next.get(), SERVERS_WAIT_MILLIS);
            return;
        }
        long backoff = Math.min(LAST_POLL_MILLIS, FIRST_POLL_MILLIS << Math.min(still, 10));
        if (bell.tryAcquire(backoff, TimeUnit.MILLISECONDS)) {
            bell.release();
        }
    }

    /** The lowest LSN that is not replayed yet; empty if the waiters wait for another timeline only. */
    private Optional<Lsn> next(Lsn replayed) {
        return waiting.stream()
                .map(ReplicaWaiter::lsn)
                .filter(lsn -> lsn.isAfter(replayed))
                .min(Comparator.naturalOrder());
    }

    private void answer(StandbySession opened, State state, TimelineHistory history) {
        Optional<ReplicaAnswer> objection =
                state.isStandby() ? objection(opened.systemIdentifier(), state, history) : Optional.empty();
        for (ReplicaWaiter waiter : waiting) {
            objection.or(() -> waiter.judge(opened.sourceId(), state, history)).ifPresent(waiter.answer::complete);
            if (!waiter.answer.isDone() && waiter.isToBeNudgedFor()) {
                nudge(waiter);
            }
        }
    }

    /** The outbox does not show which server the standby copies: a restored copy has the same outbox. */
    private Optional<ReplicaAnswer> objection(String systemIdentifier, State state, TimelineHistory history) {
        Optional<Primary> known = primary.get();
        if (known.isEmpty()) {
            return Optional.of(new ReplicaAnswer.Unavailable(
                    "this relay has not reached the primary since it started, and does not know whether replica " + name
                            + " is a standby of it"));
        }
        return known.get()
                .whyNotOf(systemIdentifier, state, history)
                .map(reason -> new ReplicaAnswer.Refused(
                        WatermarkStatus.UNKNOWN,
                        "not-a-standby",
                        "replica " + name + " is not a standby of the primary: " + reason
                                + "; correct postgres.replicas"));
    }

    /** A token can be at a page boundary. On an idle database, only a nudge moves the standby past it. */
    private void nudge(ReplicaWaiter waiter) {
        nudges.request(waiter.lsn(), waiter::isNudgeAwaited, written -> {
            if (isOfPrimary(written.server())) {
                waiter.seeNudge(written);
                bell.release();
            }
        });
    }

    private boolean isOfPrimary(SourceIdentity server) {
        return primary.get()
                .filter(known -> known.systemIdentifier().equals(server.systemIdentifier()))
                .isPresent();
    }

    private void refuse(String reason) {
        waiting.forEach(waiter -> waiter.answer.complete(new ReplicaAnswer.Unavailable(reason)));
    }

    /** Ends all waits for the standby, including the relay's own wait. */
    @Override
    public synchronized void close() {
        isClosed = true;
        refuse(CLOSING);
        bell.release();
        StandbySession open = session;
        if (open != null) {
            try {
                open.abort();
            } catch (SQLException e) {
                LOG.debug("event=replica-abort-failed replica={} error=\"{}\"", name, e.getMessage());
            }
        }
    }
}
