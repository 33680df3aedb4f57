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
 * Looks again and again whether the publication is still the one that a run began with: on demand, beside the Kafka
 * commit, and every few seconds. Has a thread and a session of its own. What it confirms was looked at after it was asked
 * for; whatever it cannot see, it does not confirm.
 */
public final class PublicationWatch implements AutoCloseable {

    private static final long IDLE_LOOK_MILLIS = 3_000;
    private static final long IN_DOUBT_MILLIS = 20;
    /** Most transactions that alter a publication are over by then. */
    private static final long SAY_DOUBT_NANOS = TimeUnit.SECONDS.toNanos(3);

    private static final long CLOSE_MILLIS = 5_000;

    private final PublicationEye eye;
    private final PublicationState expected;
    private final Thread thread = new Thread(this::watch, "publication-watch");
    /** How many looks were asked for. */
    private long asked;
    /** The last that is answered: a look that began after it was asked for has seen what is expected. */
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

    /** @param expected what the run began with */
    public static PublicationWatch start(SourceDatabase server, OutboxConfig outbox, PublicationState expected) {
        PublicationWatch watch = new PublicationWatch(new SessionEye(server, outbox), expected);
        watch.thread.start();
        return watch;
    }

    private void watch() {
        try {
            while (turn(IDLE_LOOK_MILLIS)) {} // until closed, or something was found
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Throwable e) { // also out of memory: a watch that is gone would hold the loop up without a reason
            fail(new PublicationNotSeen(
                    "the database cannot be asked whether the publication is what it was: " + e, e));
        }
    }

    /**
     * Waits until a look is asked for, or the time is over, and looks.
     *
     * @return whether to go on
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

    /** @return up to which question the next look is the answer; -1 when the watch is closed */
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

    /** A look begins now, or soon: it counts for everything that has come off the stream before this call. */
    public synchronized void beginLook() {
        asked++;
        notifyAll();
    }

    /**
     * Waits for the look that was asked for last.
     *
     * @return whether it has confirmed; false when it is in doubt, or has not come back
     * @throws PublicationChanged when anything is other than it was
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
     * To be called often, also without traffic.
     *
     * @return which transaction has kept the publication in doubt for long, in a sentence
     * @throws PublicationChanged when anything is other than it was
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
