// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publication;

import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceNotReady;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Checks repeatedly whether the publication is still the one that a run began with: on demand, beside the Kafka commit,
 * and every few seconds. Has its own thread and session. A confirmation is always based on a look that began after it
 * was asked for. It never confirms what it cannot see.
 */
public final class PublicationWatch implements AutoCloseable {

    private static final long IDLE_LOOK_MILLIS = 3_000;
    private static final long IN_DOUBT_MILLIS = 20;
    /** Most transactions that alter a publication have ended by then. */
    private static final long SAY_DOUBT_NANOS = TimeUnit.SECONDS.toNanos(3);

    private static final long CLOSE_MILLIS = 5_000;

    private final PublicationEye eye;
    private final PublicationState expected;
    private final Thread thread = new Thread(this::watch, "publication-watch");
    /** Number of looks that were asked for. */
    private long asked;
    /** The last request that is answered: a look that began after it was asked for has seen the expected state. */
    private long confirmed;

    private PublicationLook.@Nullable InDoubt doubt;
    private long doubtSinceNanos;
    private @Nullable RuntimeException failure;
    private boolean isClosed;
    private long lastChildrenNanos = System.nanoTime();

    PublicationWatch(PublicationEye eye, PublicationState expected) {
        this.eye = eye;
        this.expected = expected;
        thread.setDaemon(true);
    }

    /** @param expected the state that the run began with */
    public static PublicationWatch start(SourceDatabase server, OutboxConfig outbox, PublicationState expected) {
        PublicationWatch watch = new PublicationWatch(new SessionEye(server, outbox), expected);
        watch.thread.start();
        return watch;
    }

    private void watch() {
        try {
            while (turn(IDLE_LOOK_MILLIS)) {} // until the watch is closed, or a change was found
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Throwable e) { // also out of memory: a dead watch would block the loop without a reason
            fail(new PublicationNotSeen(
                    "the database cannot be asked whether the publication is what it was: " + e, e));
        }
    }

    /**
     * Waits until a look is asked for, or the time is over, and looks.
     *
     * @return false when the watch ends, because it is closed or has found a problem
     */
    boolean turn(long idleMillis) throws SQLException, SourceNotReady, InterruptedException {
        long answers = awaitQuestion(idleMillis);
        if (answers < 0) {
            return false;
        }
        PublicationLook look = eye.look();
        if (look instanceof PublicationLook.InDoubt inDoubt) {
            doubts(inDoubt);
            return true;
        }
        if (!(look instanceof PublicationLook.Seen seen) || !seen.state().equals(expected)) {
            fail(new PublicationChanged(eye.gap(expected, look)));
            return false;
        }
        confirm(answers);
        if (System.nanoTime() - lastChildrenNanos > TimeUnit.MILLISECONDS.toNanos(IDLE_LOOK_MILLIS)) {
            lastChildrenNanos = System.nanoTime();
            Optional<PublicationGap> hidden = eye.hiddenChild();
            hidden.ifPresent(gap -> fail(new PublicationChanged(gap)));
            return hidden.isEmpty();
        }
        return true;
    }

    /** @return the number of the last request that the next look answers; -1 when the watch is closed */
    private synchronized long awaitQuestion(long idleMillis) throws InterruptedException {
        long idleUntil =
                System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(doubt == null ? idleMillis : IN_DOUBT_MILLIS);
        long left = millisUntil(idleUntil);
        while (!isClosed && left > 0 && (doubt != null || asked == confirmed)) {
            wait(left);
            left = millisUntil(idleUntil);
        }
        return isClosed ? -1 : asked;
    }

    private static long millisUntil(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(nanos - System.nanoTime() + 999_999);
    }

    private synchronized void doubts(PublicationLook.InDoubt inDoubt) {
        if (doubt == null) {
            doubtSinceNanos = System.nanoTime();
        }
        doubt = inDoubt;
    }

    private synchronized void confirm(long answers) {
        doubt = null;
        confirmed = answers;
        notifyAll();
    }

    private synchronized void fail(RuntimeException why) {
        if (!isClosed) {
            failure = why;
            notifyAll();
        }
    }

    /**
     * Asks for a look, which begins now or soon. It covers everything that has come off the stream before this call.
     */
    public synchronized void beginLook() {
        asked++;
        notifyAll();
    }

    /**
     * Waits for the look that was asked for last.
     *
     * @return true when it confirmed the state; false when the state is in doubt, or the look has not finished
     * @throws PublicationChanged when anything has changed
     * @throws PublicationNotSeen when the database could not be asked
     */
    public synchronized boolean isConfirmedWithin(long millis) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (true) {
            throwIfFailed();
            long leftMillis = millisUntil(deadline);
            if (confirmed >= asked || leftMillis <= 0) {
                return confirmed >= asked;
            }
            wait(leftMillis);
        }
    }

    /**
     * Must be called often, also without traffic.
     *
     * @return the transaction that has kept the publication in doubt for long, in a sentence
     * @throws PublicationChanged when anything has changed
     * @throws PublicationNotSeen when the database could not be asked
     */
    public synchronized Optional<String> check() {
        throwIfFailed();
        return doubt == null || System.nanoTime() - doubtSinceNanos < SAY_DOUBT_NANOS
                ? Optional.empty()
                : Optional.of(doubt.reason(expected.publicationName()));
    }

    private void throwIfFailed() {
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            isClosed = true;
            notifyAll();
        }
        eye.close();
        try {
            thread.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
