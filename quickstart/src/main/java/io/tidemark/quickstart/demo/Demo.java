// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.demo;

import io.tidemark.quickstart.relay.RelaySite;
import io.tidemark.quickstart.relay.WatermarkProbe;
import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.quickstart.stack.LocalStack;
import io.tidemark.quickstart.stack.StackException;
import io.tidemark.quickstart.stack.StopSignal;
import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;

/**
 * Starts servers, outbox, relay and projection, prints the demo to the terminal, and stops everything, also after an
 * error. On the main thread.
 */
public final class Demo {

    private static final int PAUSE_MILLIS = 50;
    private static final int REPORT_EVERY = 60;

    private final Path dir;
    private final PrintStream out;

    /**
     * Creates the demo, without starting anything.
     *
     * @param dir directory of all data; a second demo in it continues where the first one ended
     * @param out receives the output
     */
    public Demo(Path dir, PrintStream out) {
        this.dir = dir.toAbsolutePath().normalize();
        this.out = out;
    }

    /** The part of the demo that runs once everything is started. */
    private interface Act {
        void play(DemoSetup stage) throws Exception;
    }

    /** Everything that runs. */
    private record DemoSetup(LocalStack stack, RestartedRelay relay, OrdersView view, WatermarkProbe watermark) {}

    /**
     * Writes this number of events, checks everything, and ends.
     *
     * @return the summary
     */
    public String once(int events, boolean json, StopSignal stop) throws Exception {
        Summary[] summary = new Summary[1];
        play(stop, stage -> {
            say("Writing " + events + " events from 4 tills, reading the projection after every tenth ...");
            Customers customers = new Customers(stage.stack().postgres(), stage.view(), stage.watermark());
            customers.shop(events);
            summary[0] = customers.summarize(Ledger.compare(stage.stack()));
        });
        if (!summary[0].isClean()) {
            throw new NotClean(json ? summary[0].toJson() : summary[0].toText());
        }
        return json ? summary[0].toJson() : summary[0].toText();
    }

    /** The summary of a run in which events were missing, repeated or out of order, or a read was stale. */
    public static final class NotClean extends Exception {

        NotClean(String summary) {
            super(summary);
        }
    }

    /** Shows one order step by step, then continues until the stop signal. */
    public void untilStopped(StopSignal stop) throws Exception {
        play(stop, stage -> {
            try (Shop shop = new Shop(stage.stack().postgres());
                    Connection reader = stage.stack().postgres().connect(OrdersView.DATABASE)) {
                Customers customers = new Customers(stage.stack().postgres(), stage.view(), stage.watermark());
                new Story(out, customers, shop, reader, stage.view(), stage.watermark()).tell();
                sayHowToLookAround(stage, shop);
                keepShopping(stage, customers, shop, reader, stop);
                say("");
                stage.watermark().await(shop.token(), Duration.ofSeconds(30)); // the last events are on their way
                out.print(customers.summarize(Ledger.compare(stage.stack())).toText());
            }
        });
    }

    private void play(StopSignal stop, Act act) throws Exception {
        say("Starting a real Postgres and a real Kafka, data in " + dir + " ...");
        try (LocalStack stack = LocalStack.start(dir, FreePorts.preferring(54321), FreePorts.preferring(19092))) {
            say("  Postgres on 127.0.0.1:" + stack.postgres().port() + ", Kafka on "
                    + stack.kafka().bootstrapServers());
            OrdersView.install(stack.postgres());
            RelaySite site = RelaySite.prepare(
                            dir, stack, Shop.DATABASE, OrdersView.NAME, OrdersView.TOPIC, FreePorts.preferring(8080))
                    .withConsole();
            Shop.install(stack.postgres());
            try (RestartedRelay relay = RestartedRelay.start(site, this::say)) {
                say("Starting the relay (pid " + relay.pid() + ", log " + site.log() + ") ...");
                WatermarkProbe watermark = new WatermarkProbe(site, OrdersView.NAME);
                watermark.awaitRunning(stop, () -> true); // a relay that ends is started again
                play(stack, relay, watermark, act);
            }
        }
    }

    private static void play(LocalStack stack, RestartedRelay relay, WatermarkProbe watermark, Act act)
            throws Exception {
        try (OrdersView view = OrdersView.start(stack.postgres(), stack.kafka().bootstrapServers())) {
            act.play(new DemoSetup(stack, relay, view, watermark));
            if (!view.failure().isEmpty()) {
                throw new StackException("the projection failed: " + view.failure());
            }
        }
    }

    private void sayHowToLookAround(DemoSetup stage, Shop shop) throws SQLException {
        int port = stage.stack().postgres().port();
        String bootstrap = stage.stack().kafka().bootstrapServers();
        say(String.format(
                Locale.ROOT,
                """

                The console: %s

                Look around while it runs:
                  PGPASSWORD=tidemark psql -h 127.0.0.1 -p %d -U postgres shop -c 'select * from outbox.event limit 5'
                  kcat -b %s -t %s -C -X isolation.level=read_committed -f '%%k %%h %%s\\n'
                  curl '%s'
                  kill -9 %d        # the relay; it is started again, and no event is lost

                The shop continues until Ctrl-C.
                """,
                stage.watermark().console(),
                port,
                bootstrap,
                OrdersView.TOPIC,
                stage.watermark().urlOf(shop.token()),
                stage.relay().pid()));
    }

    private void keepShopping(DemoSetup stage, Customers customers, Shop shop, Connection reader, StopSignal stop)
            throws SQLException, InterruptedException {
        Shop.Change last = null;
        for (int i = 1; !stop.await(PAUSE_MILLIS); i++) {
            if (!stage.view().failure().isEmpty()) {
                return;
            }
            last = last == null || last.version() == 3 ? shop.place() : shop.pay(last);
            customers.remember(last);
            if (i % 5 == 0) {
                customers.look(shop, reader, last);
            }
            if (i % REPORT_EVERY == 0) {
                say(String.format(
                        Locale.ROOT,
                        "  %d events written, %d at the projection; stale reads: %d of %d without a token, %d of %d"
                                + " with one; relay %s",
                        customers.written(),
                        stage.view().arrived(),
                        customers.staleWithout(),
                        customers.reads(),
                        customers.staleWith(),
                        customers.reads(),
                        stage.watermark().state()));
            }
        }
    }

    private void say(String line) {
        out.println(line);
    }
}
