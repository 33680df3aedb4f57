// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.demo;

import io.tidemark.consumers.GatedRead;
import io.tidemark.consumers.ReadGate;
import io.tidemark.outbox.Token;
import io.tidemark.quickstart.measure.Latencies;
import io.tidemark.quickstart.measure.Quantiles;
import io.tidemark.quickstart.relay.WatermarkProbe;
import io.tidemark.quickstart.stack.PostgresServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Several tills write at the same time. Some customers read the projection right after their order: first without a
 * token, then with one. Counts the results.
 */
final class Customers {

    /** One of this number of changes is followed by a read. */
    private static final int LOOK_EVERY = 10;

    private static final int TILLS = 4;
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration GATE_WAIT = Duration.ofSeconds(5);

    private final PostgresServer postgres;
    private final OrdersView view;
    private final WatermarkProbe watermark;
    private final ReadGate gate;
    private final ConcurrentLinkedQueue<Shop.Change> changes = new ConcurrentLinkedQueue<>();
    private final AtomicInteger staleWithout = new AtomicInteger();
    private final AtomicInteger staleWith = new AtomicInteger();
    private final AtomicInteger reads = new AtomicInteger();
    private final long startNanos = System.nanoTime();

    Customers(PostgresServer postgres, OrdersView view, WatermarkProbe watermark) {
        this.postgres = postgres;
        this.view = view;
        this.watermark = watermark;
        this.gate = watermark.gate(view.database());
    }

    /** Writes this number of events, as fast as possible, and returns when the projection has all of them. */
    void shop(int events) throws InterruptedException, SQLException {
        ExecutorService tills = Executors.newFixedThreadPool(TILLS);
        try {
            AtomicInteger left = new AtomicInteger(events);
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < TILLS; i++) {
                running.add(tills.submit(() -> {
                    work(left);
                    return null;
                }));
            }
            for (Future<?> till : running) {
                try {
                    till.get();
                } catch (ExecutionException e) {
                    throw new IllegalStateException("a till failed: " + e.getCause(), e);
                }
            }
        } finally {
            tills.shutdownNow();
        }
        try (Shop shop = new Shop(postgres)) {
            if (!watermark.await(shop.token(), PATIENCE)) {
                throw new IllegalStateException(
                        "the projection did not catch up within " + PATIENCE.toSeconds() + " s");
            }
        }
    }

    private void work(AtomicInteger left) throws SQLException, InterruptedException {
        try (Shop shop = new Shop(postgres);
                Connection reader = postgres.connect(OrdersView.DATABASE)) {
            Shop.Change last = null;
            for (int left1 = left.getAndDecrement(); left1 > 0; left1 = left.getAndDecrement()) {
                last = last == null || last.version() == 3 ? shop.place() : shop.pay(last);
                changes.add(last);
                if (left1 % LOOK_EVERY == 0) {
                    look(shop, reader, last);
                }
            }
        }
    }

    /** Reads the change from the view, without a token and then with one: after a wait, or through the gate. */
    void look(Shop shop, Connection reader, Shop.Change change) throws SQLException, InterruptedException {
        int number = reads.incrementAndGet();
        if (OrdersView.versionOf(reader, change.orderId()) < change.version()) {
            staleWithout.incrementAndGet();
        }
        Token token = shop.token();
        int version = number % 2 == 0
                ? throughTheGate(token, change.orderId())
                : afterTheWatermark(token, reader, change.orderId());
        if (version < change.version()) {
            staleWith.incrementAndGet();
        }
    }

    private int afterTheWatermark(Token token, Connection reader, long orderId)
            throws SQLException, InterruptedException {
        if (!watermark.await(token, PATIENCE)) {
            throw notCaughtUp(token);
        }
        return OrdersView.versionOf(reader, orderId);
    }

    private int throughTheGate(Token token, long orderId) throws SQLException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < deadline) {
            GatedRead<Integer> read = gate.read(token, GATE_WAIT, snapshot -> OrdersView.versionOf(snapshot, orderId));
            if (read instanceof GatedRead.Fresh<Integer> fresh) {
                return fresh.value();
            }
        }
        throw notCaughtUp(token);
    }

    private static IllegalStateException notCaughtUp(Token token) {
        return new IllegalStateException("no success for " + token + " within " + PATIENCE.toSeconds() + " s");
    }

    void remember(Shop.Change change) {
        changes.add(change);
    }

    int written() {
        return changes.size();
    }

    int reads() {
        return reads.get();
    }

    int staleWithout() {
        return staleWithout.get();
    }

    int staleWith() {
        return staleWith.get();
    }

    /** Compares the events with those that can be read from Kafka. */
    Summary summarize(Ledger ledger) {
        Latencies latencies = new Latencies();
        for (Shop.Change change : changes) {
            OrdersView.Arrival arrival = view.arrivalOf(change.eventId().toString());
            if (arrival != null) {
                latencies.add(arrival.nanos() - change.committedNanos());
            }
        }
        Quantiles quantiles = latencies.quantiles();
        long lastNanos = changes.stream()
                .map(change -> view.arrivalOf(change.eventId().toString()))
                .mapToLong(arrival -> arrival == null ? startNanos : arrival.nanos())
                .max()
                .orElse(startNanos + 1);
        int published = (int) changes.stream()
                .filter(change -> ledger.readable().contains(change.eventId().toString()))
                .count();
        return new Summary(
                changes.size(),
                published,
                ledger.missing(),
                ledger.duplicated(),
                ledger.outOfOrder(),
                staleWithout.get(),
                staleWith.get(),
                reads.get(),
                changes.size() * 1_000_000_000L / Math.max(1, lastNanos - startNanos),
                quantiles.p50Millis(),
                quantiles.p99Millis());
    }
}
