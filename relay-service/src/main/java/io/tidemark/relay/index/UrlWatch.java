// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import io.tidemark.relay.reason.Reason;
import io.tidemark.relay.source.SourceNotReady;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Renews the proof that the session is on the database where the applications write: every few seconds a new connection
 * through {@code postgres.url} must see that session. It does not if a changed DNS name or address leads to a copy of
 * the database. Runs on its own thread, because a connection may hang; {@link #problem} can be called on any thread.
 */
final class UrlWatch implements AutoCloseable {

    static final long INTERVAL_MILLIS = 5_000;
    /** A server that rejects connections for a moment does not count as another server yet. */
    static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(20);

    private static final String OTHER_SERVER =
            "a new connection by postgres.url leads to another server than the one whose history was proven to be the"
                    + " published one; no answers are given until that is proven for the server behind the URL; check"
                    + " where the host name, the proxy or the virtual IP of postgres.url leads to";

    /** Looks over a new connection. */
    @FunctionalInterface
    interface Look {

        /** Whether the session is on the server that answers. */
        boolean seesSession() throws SourceNotReady, SQLException;
    }

    private final Look look;
    private final LongSupplier nanoClock;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(runnable -> {
        Thread watch = new Thread(runnable, "url-watch");
        watch.setDaemon(true);
        return watch;
    });
    private volatile long renewedNanos;
    private volatile String failure = "no connection was made in time";
    private volatile @Nullable String otherServer;

    UrlWatch(Look look, LongSupplier nanoClock) {
        this.look = look;
        this.nanoClock = nanoClock;
        this.renewedNanos = nanoClock.getAsLong();
    }

    /** Starts the renewal. */
    @SuppressWarnings("FutureReturnValueIgnored") // ends with the thread
    void start() {
        renewedNanos = nanoClock.getAsLong();
        thread.scheduleWithFixedDelay(this::renew, INTERVAL_MILLIS, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    void renew() {
        long begunNanos = nanoClock.getAsLong();
        try {
            if (look.seesSession()) {
                renewedNanos = begunNanos;
            } else {
                otherServer = OTHER_SERVER;
            }
        } catch (SourceNotReady | SQLException | RuntimeException e) { // reported when it has lasted too long
            failure = Reason.of(e);
        }
    }

    /** Why the proof no longer holds; empty while it does. Only after {@link #start}. */
    Optional<String> problem() {
        String other = otherServer;
        if (other != null) {
            return Optional.of(other);
        }
        long ageNanos = nanoClock.getAsLong() - renewedNanos;
        return ageNanos <= GRACE_NANOS
                ? Optional.empty()
                : Optional.of(
                        "for " + TimeUnit.NANOSECONDS.toSeconds(ageNanos) + " s no new connection by postgres.url has"
                                + " shown that it still leads to the same database (" + failure
                                + "); no answers are given until"
                                + " one does");
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
