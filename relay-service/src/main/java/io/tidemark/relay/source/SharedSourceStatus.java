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
 * State of WAL and slot, for any number of concurrent callers. It is read on one separate thread, and so on one
 * connection: callers of an interface must not be able to use up the connections of the application. Each caller gets a
 * state that was read after its call. Any thread; never blocks.
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
    /** The read that has not begun yet. */
    private @Nullable CompletableFuture<SourceStatus> next;

    public SharedSourceStatus(SourceDatabase database) {
        this(database::status);
    }

    SharedSourceStatus(Callable<SourceStatus> database) {
        this.database = database;
        thread.allowCoreThreadTimeOut(true);
    }

    /** @return fails with {@link SourceNotReady} when the database does not answer */
    public synchronized CompletableFuture<SourceStatus> now() {
        CompletableFuture<SourceStatus> asked = next;
        if (asked == null) {
            asked = new CompletableFuture<>();
            next = asked;
            thread.execute(this::look);
        }
        return asked.copy(); // cancelling a copy does not affect the others
    }

    private void look() {
        CompletableFuture<SourceStatus> asked = begin();
        try {
            asked.complete(database.call());
        } catch (Exception | Error e) { // passed on to all callers
            asked.completeExceptionally(e);
        }
    }

    private synchronized CompletableFuture<SourceStatus> begin() {
        CompletableFuture<SourceStatus> asked = Objects.requireNonNull(next);
        next = null;
        return asked;
    }
}
