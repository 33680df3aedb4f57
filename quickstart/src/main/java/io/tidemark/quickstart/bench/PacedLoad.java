// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.bench;

import io.tidemark.quickstart.measure.Latencies;
import io.tidemark.quickstart.stack.PostgresServer;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Several connections that write events at a fixed rate for a time. Records when each event was committed and read. A
 * connection that falls behind writes without pauses. Events that are not written in time are left out.
 */
final class PacedLoad implements TopicReader.Listener, AutoCloseable {

    static final int WRITERS = 4;

    private final PostgresServer postgres;
    private final BenchSettings settings;
    private final Tally tally;
    private final int first;
    /** Indexed by event number minus the first number. Times since the start; 0 if not happened yet. */
    private final AtomicLongArray committedNanos;

    private final AtomicLongArray readNanos;
    private final AtomicInteger written = new AtomicInteger();
    private final AtomicInteger read = new AtomicInteger();
    private final long startNanos = System.nanoTime();
    private final ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
    private final List<Future<?>> writers = new ArrayList<>();

    private PacedLoad(PostgresServer postgres, BenchSettings settings, int first, Tally tally) {
        this.postgres = postgres;
        this.settings = settings;
        this.first = first;
        this.tally = tally;
        this.committedNanos = new AtomicLongArray(settings.pacedEvents());
        this.readNanos = new AtomicLongArray(settings.pacedEvents());
    }

    /**
     * Starts to write and returns immediately.
     *
     * @param first the number of the first event
     */
    static PacedLoad start(
            PostgresServer postgres, BenchSettings settings, int first, TopicReader reader, Tally tally) {
        PacedLoad load = new PacedLoad(postgres, settings, first, tally);
        reader.tell(load);
        for (int writer = 0; writer < WRITERS; writer++) {
            int own = writer;
            load.writers.add(load.threads.submit(() -> {
                load.write(own);
                return null;
            }));
        }
        return load;
    }

    /** Writes every n-th event, so that one writer writes all events of an aggregate, in order. */
    private void write(int writer) throws SQLException, InterruptedException {
        try (EventWriter outbox = new EventWriter(postgres, settings.payloadBytes())) {
            long end = settings.duration().toNanos();
            for (int i = Math.floorMod(writer - first, WRITERS); i < committedNanos.length(); i += WRITERS) {
                long due = i * 1_000_000_000L / settings.rate();
                long now = elapsed();
                if (now > end) {
                    return;
                }
                if (due > now) {
                    TimeUnit.NANOSECONDS.sleep(due - now);
                }
                outbox.write(first + i, EventWriter.aggregateOf(first + i));
                committedNanos.set(i, elapsed());
                tally.committed(first + i);
                written.incrementAndGet();
            }
        }
    }

    private long elapsed() {
        return Math.max(1, System.nanoTime() - startNanos);
    }

    @Override
    public void read(int number, long nanos) {
        int i = number - first;
        if (i >= 0 && i < readNanos.length()) {
            readNanos.set(i, Math.max(1, nanos - startNanos));
            read.incrementAndGet();
        }
    }

    /** Whether any connection still writes. */
    boolean isWriting() {
        return !writers.stream().allMatch(Future::isDone);
    }

    /** Waits until everything is written, and returns the number of events per second. */
    double awaitWritten(Watch watch) throws InterruptedException, SQLException {
        watch.await(() -> !isWriting(), System::nanoTime); // the writers end without being stopped
        for (Future<?> writer : writers) {
            try {
                writer.get();
            } catch (ExecutionException e) {
                if (e.getCause() instanceof SQLException sql) {
                    throw sql;
                }
                throw new IllegalStateException("a writer failed: " + e.getCause(), e);
            }
        }
        return written.get() * 1e9 / elapsed();
    }

    /** Returns when everything is written and read, or when no more events arrive. */
    Report.Paced awaitRead(Watch watch) throws InterruptedException, SQLException {
        double eventsPerSecond = awaitWritten(watch);
        watch.await(() -> read.get() >= written.get(), read::get);
        Latencies latencies = new Latencies();
        for (int i = 0; i < committedNanos.length(); i++) {
            if (committedNanos.get(i) > 0 && readNanos.get(i) > 0) {
                latencies.add(readNanos.get(i) - committedNanos.get(i));
            }
        }
        return new Report.Paced(written.get(), eventsPerSecond, latencies.quantiles());
    }

    @Override
    public void close() throws InterruptedException {
        threads.shutdownNow();
        if (!threads.awaitTermination(10, TimeUnit.SECONDS)) {
            throw new IllegalStateException("a writer of the bench does not end");
        }
    }
}
