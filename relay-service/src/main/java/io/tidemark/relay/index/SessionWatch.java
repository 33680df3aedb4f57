// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import io.tidemark.relay.source.SourceNotReady;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Checks every second whether the session of the proof still exists, and whether the proof is renewed. Runs on its own
 * thread, because the follower may be waiting for Kafka when the session ends. After {@link #start} only this class
 * uses the session.
 */
final class SessionWatch implements AutoCloseable {

    private static final long INTERVAL_MILLIS = 1_000;
    private static final int TIMEOUT_SECONDS = 3;
    private static final String ENDED =
            "the database session has ended; whether the database is still the same is being found out";

    private final Connection session;
    private final UrlWatch urlWatch;
    private final Consumer<String> unsound;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(runnable -> {
        Thread watch = new Thread(runnable, "session-watch");
        watch.setDaemon(true);
        return watch;
    });
    private volatile @Nullable String ended;

    /** @param unsound called once, on this class's thread, when the session has ended */
    SessionWatch(Connection session, UrlWatch urlWatch, Consumer<String> unsound) {
        this.session = session;
        this.urlWatch = urlWatch;
        this.unsound = unsound;
    }

    /**
     * Starts the renewal alone. Also a session that proves nothing yet may be on another server than the one to which the
     * URL leads: then {@link #check} ends it, and the next one is opened there.
     */
    void begin() {
        urlWatch.start();
    }

    /** Starts the rest, once the proof is given. */
    @SuppressWarnings("FutureReturnValueIgnored") // it ends with the thread
    void start() {
        thread.scheduleWithFixedDelay(this::look, INTERVAL_MILLIS, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void look() {
        if (ended == null) {
            Optional<String> reason = lasts() ? urlWatch.problem() : Optional.of(ENDED);
            reason.ifPresent(this::end);
        }
    }

    private void end(String reason) {
        ended = reason;
        unsound.accept(reason);
    }

    private boolean lasts() {
        try {
            return session.isValid(TIMEOUT_SECONDS);
        } catch (SQLException | RuntimeException e) {
            return false;
        }
    }

    /** @throws SourceNotReady when the session has ended, or is not on the server to which the URL leads */
    void check() throws SourceNotReady {
        String reason = ended == null ? urlWatch.problem().orElse(null) : ended;
        if (reason != null) {
            throw new SourceNotReady(reason);
        }
    }

    @Override
    public void close() {
        urlWatch.close();
        thread.shutdownNow();
    }
}
