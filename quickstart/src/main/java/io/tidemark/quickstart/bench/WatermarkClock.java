// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.bench;

import io.tidemark.outbox.Token;
import io.tidemark.quickstart.measure.Latencies;
import io.tidemark.quickstart.measure.Quantiles;
import io.tidemark.quickstart.relay.WatermarkProbe;
import io.tidemark.quickstart.stack.StackException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Measures the time from a commit to {@code success}: takes a token after each commit and asks until it succeeds. */
final class WatermarkClock {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    /** Time between two checks whether the bench can continue. */
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
     * Writes and asks in turn, at least once after the warm-up.
     *
     * @param warmUp for connections and JIT compilation on both sides; requests meanwhile are not counted
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

    /** Returns when the group has consumed everything that this writer, and others before it, have committed. */
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
