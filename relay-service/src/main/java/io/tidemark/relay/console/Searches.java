// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console;

import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.http.response.ProblemType;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Questions that read a table or a topic: at most two at a time, the others are turned away. */
final class Searches implements AutoCloseable {

    static final int MOST = 2;

    private static final long IDLE_SECONDS = 20;

    private final ThreadPoolExecutor threads =
            new ThreadPoolExecutor(0, MOST, IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
                Thread thread = new Thread(task, "console-search");
                thread.setDaemon(true);
                return thread;
            });

    /** @throws jakarta.ws.rs.WebApplicationException with 429 if two are being answered */
    <T> CompletableFuture<T> run(Callable<T> search) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        try {
            threads.execute(() -> {
                try {
                    answer.complete(search.call());
                } catch (Exception e) { // reported to the caller
                    answer.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            throw new jakarta.ws.rs.WebApplicationException(Problem.retryLater(
                    ProblemType.TOO_MANY_SEARCHES, MOST + " searches of the console are running already; try again"));
        }
        return answer;
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
