package io.tidemark.relay.http;

import jakarta.ws.rs.container.AsyncResponse;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Writes answers to those who wait, on threads of its own: whoever does not read its answer holds one of these until the
 * connection's idle timeout, and never the thread that decides on everybody's. No more are queued than requests are
 * open.
 */
public final class Answers {

    private static final long IDLE_SECONDS = 10;

    private final ThreadPoolExecutor threads;

    /** @param name of the threads, of which there are so many at most, and none while nothing is written */
    public Answers(String name, int threads) {
        this.threads = new ThreadPoolExecutor(
                threads, threads, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, name);
                    thread.setDaemon(true);
                    return thread;
                });
        this.threads.allowCoreThreadTimeOut(true);
    }

    /**
     * Resumes the response when there is an answer, in any case.
     *
     * @param toEntity what to answer, or a response
     * @param toProblem the same for a failure
     */
    <T> void give(
            AsyncResponse response,
            CompletionStage<T> asked,
            Function<T, Object> toEntity,
            Function<Throwable, Object> toProblem) {
        asked.whenCompleteAsync(
                (answer, failure) -> {
                    try {
                        response.resume(failure == null ? toEntity.apply(answer) : toProblem.apply(failure));
                    } catch (RuntimeException | Error e) {
                        response.resume(e); // the mapper logs it
                    }
                },
                threads);
    }

    /** The same for an answer that never fails. */
    <T> void give(AsyncResponse response, CompletionStage<T> asked, Function<T, Object> toEntity) {
        give(response, asked, toEntity, failure -> {
            throw new IllegalStateException("an answer was promised", failure);
        });
    }
}
