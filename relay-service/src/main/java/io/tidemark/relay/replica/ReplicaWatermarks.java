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

/** Has a standby replayed up to a token? Safe on any thread; nobody's thread waits. */
public final class ReplicaWatermarks implements AutoCloseable {

    /** So much later than its wait is over nobody waits any more for a standby that does not answer. */
    private static final long SILENCE_MILLIS = 2_000;

    private final Map<String, ReplicaPoller> pollers = new LinkedHashMap<>();
    private final WatermarkConfig config;
    private final AtomicInteger waiting = new AtomicInteger();

    /** @param primary as the relay knows it; empty before it has reached it */
    public ReplicaWatermarks(
            PostgresConfig postgres, Supplier<Optional<Primary>> primary, Nudges nudges, WatermarkConfig config) {
        this.config = config;
        postgres.replicas()
                .forEach(replica -> pollers.put(
                        replica.name(), new ReplicaPoller(replica.name(), postgres.of(replica), primary, nudges)));
    }

    /** Names of all standbys, in the order of the configuration. */
    public List<String> names() {
        return List.copyOf(pollers.keySet());
    }

    /**
     * Asks about one standby.
     *
     * @param replica one of the configured names; anything else is the caller's bug
     * @param waitMillis how long to wait at most, cut to the configured maximum; 0 answers with one look,
     *     or once a nudge has told whether the token is ahead
     * @return completes with the answer, never exceptionally
     */
    @SuppressWarnings("FutureReturnValueIgnored") // what is done then cannot fail
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
        // A server that takes connections and says nothing holds its poller up until the socket's timeout.
        return waiter.answer.completeOnTimeout(
                new ReplicaAnswer.Unavailable("replica " + replica + " did not answer in time; check that it is well"),
                bounded + SILENCE_MILLIS,
                TimeUnit.MILLISECONDS);
    }

    /** Answers everyone who waits, and everyone who still comes, that this relay is going away. */
    @Override
    public void close() {
        pollers.values().forEach(ReplicaPoller::close);
    }
}
