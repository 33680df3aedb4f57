// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.benchmark.peer;

import io.tidemark.it.benchmark.peer.Figures.Figure;
import io.tidemark.it.harness.TestSource;
import io.tidemark.quickstart.measure.Latencies;
import io.tidemark.quickstart.measure.ProcessUsage;
import io.tidemark.quickstart.measure.Quantiles;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.BooleanSupplier;

/** One peer, once: a backlog, a fixed rate, nothing. */
final class PeerRun {

    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final int LOOK_MILLIS = 5;
    private static final int WRITERS = 4;

    /**
     * @param events that wait when the peer starts
     * @param rows in each transaction of the backlog
     * @param rate transactions a second afterwards
     * @param duration of the paced part, and of the idle one
     */
    record Load(int events, int rows, int payloadBytes, int rate, Duration duration) {}

    private final Peer peer;
    private final Load load;
    private final Figures figures;

    PeerRun(Peer peer, Load load, Figures figures) {
        this.peer = peer;
        this.load = load;
        this.figures = figures;
    }

    void measure() throws Exception {
        try (TestSource source = peer.create()) {
            source.makeTopic(OutboxTable.AGGREGATE_TYPE);
            OutboxTable.fill(source, peer.insert(), 1, load.events(), load.rows(), load.payloadBytes());
            long startedNanos = System.nanoTime();
            try (Peer.Running running = peer.start(source)) {
                drain(running, startedNanos);
                ProcessUsage.peakResidentBytes(running.pid())
                        .ifPresent(bytes -> add(Figure.PEAK_MEGABYTES, bytes / 1e6));
                Arrivals arrivals = running.arrivals();
                if (arrivals != null) {
                    pace(source, running, arrivals);
                }
                idle(running);
            }
        }
    }

    private void add(Figure figure, double value) {
        figures.add(peer.name(), figure, value);
    }

    /** A moment: time and CPU time. */
    private record Mark(long nanos, double cpuSeconds, long arrived) {

        static Mark of(Peer.Running running) {
            return new Mark(System.nanoTime(), cpuSeconds(running), running.arrived());
        }

        private static double cpuSeconds(Peer.Running running) {
            return ProcessUsage.cpu(running.pid())
                            .orElseThrow(() -> new IllegalStateException("this system does not report CPU times"))
                            .toNanos()
                    / 1e9;
        }

        double secondsSince(Mark earlier) {
            return (nanos - earlier.nanos) / 1e9;
        }
    }

    private void drain(Peer.Running running, long startedNanos) throws InterruptedException {
        Mark first = await(running, 1);
        Mark half = await(running, load.events() / 2);
        Mark last = await(running, load.events());
        add(Figure.START_SECONDS, (first.nanos() - startedNanos) / 1e9);
        add(Figure.START_CPU_SECONDS, first.cpuSeconds());
        addRate(Figure.COLD_PER_SECOND, Figure.COLD_CPU, first, half);
        addRate(Figure.WARM_PER_SECOND, Figure.WARM_CPU, half, last);
    }

    private void addRate(Figure rate, Figure cpu, Mark from, Mark to) {
        long events = to.arrived() - from.arrived();
        if (events > 0) {
            add(rate, events / to.secondsSince(from));
            add(cpu, (to.cpuSeconds() - from.cpuSeconds()) * 1e6 / events);
        }
    }

    private static Mark await(Peer.Running running, long events) throws InterruptedException {
        until(running, () -> running.arrived() >= events, events + " events");
        return Mark.of(running);
    }

    private static void until(Peer.Running running, BooleanSupplier done, String what) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!done.getAsBoolean()) {
            running.checkAlive();
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(
                        "no " + what + " within " + PATIENCE + "; " + running.arrived() + " came");
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
    }

    /** Time from the commit's return to the poll that returned the event, and the CPU time beside it. */
    private void pace(TestSource source, Peer.Running running, Arrivals arrivals) throws Exception {
        int events = (int) (load.rate() * load.duration().toSeconds());
        AtomicLongArray committed = new AtomicLongArray(events);
        AtomicLongArray read = new AtomicLongArray(events);
        arrivals.tell(number -> {
            int i = (int) number - load.events();
            if (i >= 0 && i < events) {
                read.set(i, System.nanoTime());
            }
        });
        Mark before = Mark.of(running);
        ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
        try {
            long startNanos = System.nanoTime();
            List<Future<?>> writers = new ArrayList<>();
            for (int writer = 0; writer < WRITERS; writer++) {
                int own = writer;
                writers.add(threads.submit(() -> {
                    write(source, own, startNanos, committed);
                    return null;
                }));
            }
            for (Future<?> writer : writers) {
                writer.get();
            }
        } finally {
            threads.shutdownNow();
        }
        until(running, () -> running.arrived() >= load.events() + events, events + " paced events");
        Mark after = Mark.of(running);
        Latencies latencies = new Latencies();
        for (int i = events / 10; i < events; i++) { // the first tenth warms up
            latencies.add(read.get(i) - committed.get(i));
        }
        Quantiles quantiles = latencies.quantiles();
        add(Figure.PACED_P50_MILLIS, quantiles.p50Millis());
        add(Figure.PACED_P99_MILLIS, quantiles.p99Millis());
        add(Figure.PACED_CPU_PERCENT, 100 * (after.cpuSeconds() - before.cpuSeconds()) / after.secondsSince(before));
    }

    private void write(TestSource source, int writer, long startNanos, AtomicLongArray committed) throws Exception {
        String body = OutboxTable.body(load.payloadBytes());
        try (Connection connection = source.connect();
                PreparedStatement insert = OutboxTable.insertOne(connection, peer.insert())) {
            for (int i = writer; i < committed.length(); i += WRITERS) {
                long due = startNanos + i * 1_000_000_000L / load.rate();
                long early = due - System.nanoTime();
                if (early > 0) {
                    TimeUnit.NANOSECONDS.sleep(early);
                }
                long number = (long) load.events() + i;
                insert.setString(1, OutboxTable.aggregate(number));
                insert.setString(2, (number + " " + body).substring(0, load.payloadBytes()));
                insert.execute();
                committed.set(i, System.nanoTime());
            }
        }
    }

    private void idle(Peer.Running running) throws InterruptedException {
        TimeUnit.SECONDS.sleep(5); // until everything that follows the last event is done
        Mark before = Mark.of(running);
        TimeUnit.MILLISECONDS.sleep(load.duration().toMillis());
        Mark after = Mark.of(running);
        running.checkAlive();
        add(Figure.IDLE_CPU_PERCENT, 100 * (after.cpuSeconds() - before.cpuSeconds()) / after.secondsSince(before));
    }
}
