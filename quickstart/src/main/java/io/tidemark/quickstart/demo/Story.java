// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.demo;

import io.tidemark.outbox.Token;
import io.tidemark.quickstart.relay.WatermarkProbe;
import java.io.PrintStream;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/** Shows one order step by step: the order, a stale read, a token, a correct read, and the path of the event. */
final class Story {

    /** The relay may be faster than the read. Then another order is placed. */
    private static final int ATTEMPTS = 50;

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final PrintStream out;
    private final Customers customers;
    private final Shop shop;
    private final Connection reader;
    private final OrdersView view;
    private final WatermarkProbe watermark;

    Story(
            PrintStream out,
            Customers customers,
            Shop shop,
            Connection reader,
            OrdersView view,
            WatermarkProbe watermark) {
        this.out = out;
        this.customers = customers;
        this.shop = shop;
        this.reader = reader;
        this.view = view;
        this.watermark = watermark;
    }

    void tell() throws SQLException, InterruptedException {
        warmUp();
        Shop.Change order = null;
        boolean stale = false;
        for (int attempt = 0; attempt < ATTEMPTS && !stale; attempt++) {
            order = shop.place();
            customers.remember(order);
            stale = OrdersView.versionOf(reader, order.orderId()) < order.version();
        }
        if (order == null) {
            throw new IllegalStateException("no order was placed");
        }
        long id = order.orderId();
        say("");
        say("1. A customer places order " + id + ". One transaction: the row in orders, and");
        say("   outbox.publish('order', '" + id + "', 'OrderPlaced', …). It commits.");
        say("2. The customer's next page reads the projection immediately, without a token:");
        say(stale ? "   order " + id + " is NOT there. The read is stale." : "   order " + id + " is there, by luck.");

        Token token = shop.token();
        long askedNanos = System.nanoTime();
        boolean caughtUp = watermark.await(token, PATIENCE);
        long waitedMillis = (System.nanoTime() - askedNanos) / 1_000_000;
        int version = OrdersView.versionOf(reader, id);
        say("3. The same page with a token, " + token + ":");
        say("   GET /v1/projections/" + OrdersView.NAME + "/watermark?token=…&wait=5s  →  "
                + (caughtUp ? "success" : "no success") + " after " + waitedMillis + " ms");
        say("   order " + id + (version >= order.version() ? " is there. The read is correct." : " is NOT there!"));
        tellTheWay(order);
    }

    /**
     * After a fresh start, the first event makes the topic's partitions known to the consumer. The demo shows a later
     * one.
     */
    private void warmUp() throws SQLException, InterruptedException {
        customers.remember(shop.place());
        watermark.await(shop.token(), PATIENCE);
    }

    private void tellTheWay(Shop.Change order) {
        OrdersView.Arrival arrival = view.arrivalOf(order.eventId().toString());
        if (arrival == null) {
            return;
        }
        long millis = Math.max(0, arrival.nanos() - order.committedNanos()) / 1_000_000;
        say("4. The path of the event:");
        say("   outbox.event " + order.eventId() + "  →  WAL, position " + arrival.position());
        say("   →  " + OrdersView.TOPIC + ", partition " + arrival.partition() + ", offset " + arrival.offset()
                + ", key " + order.orderId() + "  →  " + OrdersView.NAME + ", " + millis + " ms after the commit");
    }

    private void say(String line) {
        out.println(line);
    }
}
