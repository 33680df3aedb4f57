// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source;

import io.tidemark.outbox.Lsn;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends nudges in rounds. One round serves all requests that came before it began, and writes one nudge, or none if all
 * of them are ahead of the WAL. While a request is open, the round is repeated once a second, because a nudge can be
 * lost on its way. Runs on its own thread, with a session that is kept while it is in use.
 */
public final class Nudges implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Nudges.class);

    private static final long REPEAT_MILLIS = 1_000;

    /** Beyond the end of every WAL: a request for it writes nothing, and receives the end. */
    private static final Lsn HIGHEST = new Lsn(-1);

    /**
     * @param isWanted false when the request is no longer needed; called on any thread
     * @param written receives every nudge that serves the request, on this class's thread
     */
    private record Request(Lsn lsn, BooleanSupplier isWanted, Consumer<Nudge> written) {}

    private final NudgeSession.Opener opener;
    private final long repeatMillis;
    private final Queue<Request> arrived = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean isRoundQueued = new AtomicBoolean();
    private final ScheduledThreadPoolExecutor thread = new ScheduledThreadPoolExecutor(1, runnable -> {
        Thread nudger = new Thread(runnable, "nudge");
        nudger.setDaemon(true);
        return nudger;
    });
    /** Requests of earlier rounds; those that are no longer wanted are dropped at the next repetition. */
    private final List<Request> open = new ArrayList<>();

    private boolean isRepetitionQueued;
    private @Nullable NudgeSession session;
    private long openedNanos;
    private @Nullable Nudge last;
    private long lastNanos;
    private boolean isAway;
    private long failedNanos;

    public Nudges(SourceDatabase database) {
        this(() -> NudgeSession.open(database), REPEAT_MILLIS);
    }

    Nudges(NudgeSession.Opener opener, long repeatMillis) {
        this.opener = opener;
        this.repeatMillis = repeatMillis;
        thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /**
     * Makes the stream pass {@code lsn} soon, unless that lies beyond the WAL.
     *
     * @param isWanted false when the request is no longer needed; called on any thread
     * @param written receives, on this class's thread, each nudge that was written for the request, or the end of the
     *     WAL when {@code lsn} is ahead of it. Not called while the database is away.
     */
    public void request(Lsn lsn, BooleanSupplier isWanted, Consumer<Nudge> written) {
        arrived.add(new Request(lsn, isWanted, written));
        if (isRoundQueued.compareAndSet(false, true)) {
            thread.execute(this::round);
        }
    }

    /**
     * The end of the WAL, or a nudge if the same round writes one: at or above every commit that was visible before this
     * call. One round serves all calls that came before it began.
     *
     * @return completes on this class's thread, but not while the database is away; a caller that no longer needs it
     *     cancels it
     */
    public CompletableFuture<Nudge> walEnd() {
        CompletableFuture<Nudge> end = new CompletableFuture<>();
        request(HIGHEST, () -> !end.isDone(), end::complete);
        return end;
    }

    private void round() {
        isRoundQueued.set(false);
        List<Request> unserved = new ArrayList<>();
        for (Request request = arrived.poll(); request != null; request = arrived.poll()) {
            if (request.isWanted().getAsBoolean()) {
                Optional<Nudge> written = lastFor(request.lsn());
                if (written.isPresent()) {
                    open.add(request);
                    request.written().accept(written.get());
                } else {
                    unserved.add(request);
                }
            }
        }
        serve(unserved);
        repeatWhileOpen();
    }

    /** The last nudge, unless it is so old that it may be lost. */
    private Optional<Nudge> lastFor(Lsn lsn) {
        return Optional.ofNullable(last)
                .filter(nudge -> nudge.lsn().isAtLeast(lsn))
                .filter(nudge -> System.nanoTime() - lastNanos < TimeUnit.MILLISECONDS.toNanos(repeatMillis));
    }

    @SuppressWarnings("FutureReturnValueIgnored") // ends with the thread
    private void repeatWhileOpen() {
        if (!isRepetitionQueued && !open.isEmpty() && !thread.isShutdown()) {
            isRepetitionQueued = true;
            thread.schedule(this::repeat, repeatMillis, TimeUnit.MILLISECONDS);
        }
    }

    private void repeat() {
        isRepetitionQueued = false;
        List<Request> wanted = new ArrayList<>(open);
        open.clear();
        wanted.removeIf(request -> !request.isWanted().getAsBoolean());
        serve(wanted);
        repeatWhileOpen();
    }

    private void serve(List<Request> requests) {
        if (requests.isEmpty()) {
            return;
        }
        open.addAll(requests);
        Lsn lowest = requests.stream()
                .map(Request::lsn)
                .min(Comparator.naturalOrder())
                .orElseThrow();
        nudge(lowest)
                .ifPresent(
                        nudge -> requests.forEach(request -> request.written().accept(nudge)));
    }

    /** While the database is away, makes one attempt a second, for any number of requests. */
    private Optional<Nudge> nudge(Lsn lowest) {
        last = null;
        if (isAway && System.nanoTime() - failedNanos < TimeUnit.MILLISECONDS.toNanos(repeatMillis)) {
            return Optional.empty();
        }
        try {
            Nudge nudge = session == null ? nudgeInNewSession(lowest) : nudgeInSession(session, lowest);
            isAway = false;
            if (nudge.lsn().isAtLeast(lowest)) { // else none was written
                last = nudge;
                lastNanos = System.nanoTime();
            }
            return Optional.of(nudge);
        } catch (SourceNotReady | SQLException e) {
            if (!isAway) {
                LOG.warn("event=nudge-failed error=\"{}\"", e.getMessage());
            }
            isAway = true;
            failedNanos = System.nanoTime();
            disconnect();
            return Optional.empty();
        }
    }

    /** If an idle session was ended, a new one usually works. */
    private Nudge nudgeInSession(NudgeSession current, Lsn lowest) throws SourceNotReady, SQLException {
        try {
            return current.nudge(lowest);
        } catch (SQLException e) {
            LOG.info("event=nudge-session-lost error=\"{}\"", e.getMessage());
            disconnect();
            return nudgeInNewSession(lowest);
        }
    }

    private Nudge nudgeInNewSession(Lsn lowest) throws SourceNotReady, SQLException {
        NudgeSession opened = opener.open();
        session = opened;
        openedNanos = System.nanoTime();
        return opened.nudge(lowest);
    }

    /**
     * The caller is served by another server. The next nudge opens a new session to the server that the URL leads to
     * then; at most one a second.
     */
    public void notOf(SourceIdentity served) {
        thread.execute(() -> {
            if (session != null
                    && !session.server().equals(served)
                    && System.nanoTime() - openedNanos > TimeUnit.MILLISECONDS.toNanos(repeatMillis)) {
                disconnect();
            }
        });
    }

    /** The database may now be another one, where LSNs have another meaning. */
    public void clear() {
        thread.execute(this::disconnect);
    }

    private void disconnect() {
        if (session != null) {
            try {
                session.close();
            } catch (SQLException e) {
                LOG.debug("event=nudge-disconnect-failed error=\"{}\"", e.getMessage());
            }
            session = null;
        }
        last = null;
    }

    @Override
    public void close() {
        thread.execute(this::disconnect);
        thread.shutdown();
        try {
            if (!thread.awaitTermination(2, TimeUnit.SECONDS)) {
                thread.shutdownNow();
            }
        } catch (InterruptedException e) {
            thread.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
