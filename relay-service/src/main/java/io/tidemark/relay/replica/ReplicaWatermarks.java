// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replica;

import io.tidemark.outbox.Token;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.config.WatermarkConfig;
import io.tidemark.relay.source.Nudges;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Has a standby replayed up to a token? Safe on any thread; no caller's thread waits. */
public final class ReplicaWatermarks implements AutoCloseable {

    /** Extra time after the wait for a standby that does not answer. */
    private static final long SILENCE_MILLIS = 2_000;

    private final Map<String, ReplicaPoller> pollers = new LinkedHashMap<>();
    private final WatermarkConfig config;
    private final AtomicInteger waiting = new AtomicInteger();

    /** @param primary the primary as the relay knows it; empty before the relay has reached it */
    public ReplicaWatermarks(
            PostgresConfig postgres, Supplier<Optional<Primary>> primary, Nudges nudges, WatermarkConfig config) {
        this.config = config;
        postgres.replicas()
                .forEach(replica -> pollers.put(
                        replica.name(), new ReplicaPoller(replica.name(), postgres.of(replica), primary, nudges)));
    }

    /** The names of all standbys, in the order of the configuration. */
    public List<String> names() {
        return List.copyOf(pollers.keySet());
    }

    /**
     * Asks whether one standby has replayed up to the token.
     *
     * @param replica a configured name; any other name is a bug of the caller
     * @param waitMillis maximum wait, limited to the configured maximum; 0 answers after one poll, or once a nudge has
     *     shown whether the token is ahead
     * @return completes with the answer, never exceptionally
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the callback cannot fail
    public CompletableFuture<ReplicaAnswer> ask(String replica, Token token, long waitMillis) {
        ReplicaPoller poller = pollers.get(replica);
        if (poller == null) {
            throw new IllegalArgumentException("no replica " + replica);
        }
        if (waiting.incrementAndGet() > config.maxWaiters()) {
            waiting.decrementAndGet();
            return CompletableFuture.completedFuture(new ReplicaAnswer.TooManyWaiters(config.maxWaiters()));
        }
        long bounded = Math.min(waitMillis, config.maxWait().toMilliseconds());
        ReplicaWaiter waiter = new ReplicaWaiter(token, bounded, System::nanoTime);
        waiter.answer.whenComplete((answer, failure) -> waiting.decrementAndGet());
        poller.enter(waiter);
        // A server that accepts connections but does not answer blocks its poller until the socket's timeout.
        return waiter.answer.completeOnTimeout(
                new ReplicaAnswer.Unavailable("replica " + replica + " did not answer in time; check the server"),
                bounded + SILENCE_MILLIS,
                TimeUnit.MILLISECONDS);
    }

    /** Answers all waiters, now and later, that this relay is shutting down. */
    @Override
    public void close() {
        pollers.values().forEach(ReplicaPoller::close);
    }
}
