// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.demo;

import io.tidemark.quickstart.relay.RelayChild;
import io.tidemark.quickstart.relay.RelaySite;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The relay. It is started again whenever it ends, as Kubernetes does. */
final class RestartedRelay implements AutoCloseable {

    private final RelaySite site;
    private final Consumer<String> notify;
    private final Thread watch = new Thread(this::restartWhenDead, "relay-watch");
    private volatile boolean closing;
    private volatile RelayChild process;

    private RestartedRelay(RelaySite site, Consumer<String> notify) {
        this.site = site;
        this.notify = notify;
        this.process = RelayChild.start(site);
    }

    /** @param notify a message is passed to it when the relay was started again */
    static RestartedRelay start(RelaySite site, Consumer<String> notify) {
        RestartedRelay relay = new RestartedRelay(site, notify);
        relay.watch.setDaemon(true);
        relay.watch.start();
        return relay;
    }

    private void restartWhenDead() {
        try {
            while (!closing) {
                if (!process.isAlive()) {
                    long dead = process.pid();
                    process = RelayChild.start(site);
                    notify.accept(
                            "The relay (pid " + dead + ") has ended; started again as pid " + process.pid() + ".");
                }
                TimeUnit.MILLISECONDS.sleep(500);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        closing = true;
        watch.interrupt();
        try {
            watch.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.close();
    }
}
