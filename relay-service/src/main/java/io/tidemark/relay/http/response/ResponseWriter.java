// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.response;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.core.Response;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Writes answers to waiting requests, on separate threads. A client that does not read its answer blocks one of these
 * threads until the connection's idle timeout, and never the thread that decides for all. The queue holds at most one
 * entry for each open request.
 */
public final class ResponseWriter {

    /** Attribute of a waiting request: how long its client waits at most, in milliseconds, a {@code Long}. */
    public static final String WAIT_MILLIS = "tidemark.wait-millis";

    private static final long IDLE_SECONDS = 10;

    /** For logs and counters, as with nginx; no client receives it. */
    private static final int CLIENT_GONE = 499;

    private final ThreadPoolExecutor threads;

    /**
     * @param name of the threads
     * @param threads maximum number of threads; idle threads end
     */
    public ResponseWriter(String name, int threads) {
        this.threads = new ThreadPoolExecutor(
                threads, threads, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, name);
                    thread.setDaemon(true);
                    return thread;
                });
        this.threads.allowCoreThreadTimeOut(true);
    }

    /**
     * Resumes the response when there is an answer or a failure.
     *
     * @param toEntity makes the entity, or a response
     * @param toProblem the same for a failure, from its cause
     */
    public <T> void give(
            AsyncResponse response,
            CompletionStage<T> asked,
            Function<T, Object> toEntity,
            Function<Throwable, Object> toProblem) {
        asked.whenCompleteAsync(
                (answer, failure) -> {
                    try {
                        response.resume(failure == null ? toEntity.apply(answer) : toProblem.apply(cause(failure)));
                    } catch (RuntimeException | Error e) {
                        response.resume(e); // the mapper logs it
                    }
                },
                threads);
    }

    /**
     * The same for a wait, which never fails; cancels the wait if the client closes the connection.
     *
     * @param request must have been read completely
     * @param waitMillis how long its client waits at most, for the counters
     */
    public <T> void give(
            AsyncResponse response,
            HttpServletRequest request,
            long waitMillis,
            CompletableFuture<T> wait,
            Function<T, Object> toEntity) {
        request.setAttribute(WAIT_MILLIS, waitMillis);
        Runnable endWatch = ClientWatch.begin(request, wait);
        give(
                response,
                wait,
                answer -> {
                    endWatch.run();
                    return toEntity.apply(answer);
                },
                failure -> {
                    if (failure instanceof CancellationException) {
                        return Response.status(CLIENT_GONE).build();
                    }
                    endWatch.run();
                    throw new IllegalStateException("an answer was promised", failure);
                });
    }

    /**
     * The same without Jersey.
     *
     * @param to receives the response in every case; {@value CLIENT_GONE} if the client has closed the connection
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the callback fails only if the server does
    public <T> void give(
            HttpServletRequest request,
            CompletableFuture<T> wait,
            Function<T, Response> toResponse,
            Consumer<Response> to) {
        Runnable endWatch = ClientWatch.begin(request, wait);
        wait.whenCompleteAsync(
                (answer, failure) -> {
                    if (failure instanceof CancellationException) {
                        to.accept(Response.status(CLIENT_GONE).build());
                        return;
                    }
                    endWatch.run();
                    to.accept(responseOf(answer, failure, toResponse));
                },
                threads);
    }

    private static <T> Response responseOf(T answer, @Nullable Throwable failure, Function<T, Response> toResponse) {
        try {
            if (failure != null) {
                throw new IllegalStateException("an answer was promised", failure);
            }
            return toResponse.apply(answer);
        } catch (RuntimeException | Error e) {
            return new ProblemMapper().toResponse(e);
        }
    }

    /** The failure without the wrapper that a chain of stages adds. */
    public static Throwable cause(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : null;
        return cause == null ? failure : cause;
    }
}
