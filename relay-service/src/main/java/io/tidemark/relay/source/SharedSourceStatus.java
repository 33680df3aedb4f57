// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source;

import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How WAL and slot stand, for however many ask at once: looked at on one thread of its own and so on one connection,
 * because callers of an interface must not be able to use up those of the application. Each is told what was looked at
 * after it had asked. Any thread; none waits.
 */
public final class SharedSourceStatus {

    private static final long IDLE_SECONDS = 10;

    private final Callable<SourceStatus> database;
    private final ThreadPoolExecutor thread =
            new ThreadPoolExecutor(1, 1, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                Thread standings = new Thread(task, "standings");
                standings.setDaemon(true);
                return standings;
            });
    /** The look that has not begun yet. */
    private @Nullable CompletableFuture<SourceStatus> next;

    public SharedSourceStatus(SourceDatabase database) {
        this(database::status);
    }

    SharedSourceStatus(Callable<SourceStatus> database) {
        this.database = database;
        thread.allowCoreThreadTimeOut(true);
    }

    /** @return fails with {@link SourceNotReady} when the database does not tell */
    public synchronized CompletableFuture<SourceStatus> now() {
        CompletableFuture<SourceStatus> asked = next;
        if (asked == null) {
            asked = new CompletableFuture<>();
            next = asked;
            thread.execute(this::look);
        }
        return asked.copy(); // who gives up does so for itself
    }

    private void look() {
        CompletableFuture<SourceStatus> asked = begin();
        try {
            asked.complete(database.call());
        } catch (Exception | Error e) { // told to all who have asked
            asked.completeExceptionally(e);
        }
    }

    private synchronized CompletableFuture<SourceStatus> begin() {
        CompletableFuture<SourceStatus> asked = Objects.requireNonNull(next);
        next = null;
        return asked;
    }
}
