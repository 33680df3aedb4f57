// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import io.tidemark.it.guarantee.L3HealthTellsTheTruth.Sample;
import io.tidemark.outbox.Lsn;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/** Samples the state that relays report, twice a second, with one thread for each relay. */
public final class HealthWatch implements AutoCloseable {

    private static final long PERIOD_MILLIS = 500;

    private final TestSource source;
    private final Queue<Sample> samples = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean closing;

    private HealthWatch(TestSource source) {
        this.source = source;
    }

    public static HealthWatch start(TestSource source, List<RelayProcess> relays) {
        HealthWatch watch = new HealthWatch(source);
        for (int i = 0; i < relays.size(); i++) {
            int relay = i;
            watch.threads.add(new Thread(() -> watch.watch(relay, relays.get(relay)), "health-watch-" + relay));
        }
        watch.threads.forEach(Thread::start);
        return watch;
    }

    private void watch(int relay, RelayProcess process) {
        try {
            while (!closing) {
                samples.add(look(relay, process));
                TimeUnit.MILLISECONDS.sleep(PERIOD_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A relay that does not answer reports nothing. While Postgres is down, nothing is known. */
    private Sample look(int relay, RelayProcess process) throws InterruptedException {
        try {
            Lsn head = Lsn.parse(source.query("select pg_current_wal_flush_lsn()::text"));
            Lsn published = process.publishedNow();
            boolean claims = process.state().equals("running") && process.isHealthy();
            return new Sample(System.nanoTime(), relay, head, published, claims);
        } catch (SQLException | IOException | IllegalArgumentException e) {
            return new Sample(System.nanoTime(), relay, Lsn.ZERO, Lsn.ZERO, false);
        }
    }

    /** The samples, in order. */
    public List<Sample> samples() {
        return samples.stream().sorted(Comparator.comparingLong(Sample::nanos)).toList();
    }

    @Override
    public void close() throws InterruptedException {
        closing = true;
        for (Thread thread : threads) {
            thread.join();
        }
    }
}
