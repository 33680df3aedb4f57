package io.tidemark.quickstart.bench;

import io.tidemark.outbox.Token;
import io.tidemark.quickstart.measure.Latencies;
import io.tidemark.quickstart.measure.Quantiles;
import io.tidemark.quickstart.relay.WatermarkProbe;
import io.tidemark.quickstart.stack.StackException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** From a commit to {@code success}: takes a token after each commit, and asks until the group has caught up with it. */
final class WatermarkClock {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    /** Then looks whether it makes sense to go on. */
    private static final Duration ASK_AT_MOST = Duration.ofSeconds(5);

    private final EventWriter writer;
    private final WatermarkProbe probe;
    private final Watch watch;

    /** A write that commits. */
    interface Write {
        void commit() throws SQLException;
    }

    WatermarkClock(EventWriter writer, WatermarkProbe probe, Watch watch) {
        this.writer = writer;
        this.probe = probe;
        this.watch = watch;
    }

    /**
     * Writes and asks, one after the other, at least once after warming up.
     *
     * @param warmUp for the connection and the code of both ends; what was asked meanwhile is not counted
     */
    Quantiles measureWhile(BooleanSupplier goOn, Duration warmUp, Write write)
            throws SQLException, InterruptedException {
        long warmNanos = System.nanoTime() + warmUp.toNanos();
        while (System.nanoTime() < warmNanos) {
            ask(write);
        }
        Latencies latencies = new Latencies();
        do {
            latencies.add(ask(write));
        } while (goOn.getAsBoolean());
        return latencies.quantiles();
    }

    private long ask(Write write) throws SQLException, InterruptedException {
        write.commit();
        long committedNanos = System.nanoTime();
        awaitCaughtUp();
        return System.nanoTime() - committedNanos;
    }

    /** Returns when the group has consumed all that this writer, and others before, have committed. */
    void awaitCaughtUp() throws SQLException, InterruptedException {
        Token token = writer.token();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        do {
            watch.check();
            if (probe.await(token, ASK_AT_MOST)) {
                return;
            }
        } while (System.nanoTime() < deadline);
        throw new StackException(
                "no success for " + token + " within " + PATIENCE.toSeconds() + " s; the relay is " + probe.state());
    }
}
