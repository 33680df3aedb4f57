// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.health;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the process when its relay has died, or when the loop of a running relay makes no progress for longer than all
 * timeouts in it. Then a new process or a standby takes over. It counts its own seconds, so time in which the whole
 * process was suspended does not count. One thread.
 */
public final class Watchdog implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);

    private final RelayState state;
    private final int limitSeconds;
    private final Runnable end;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(runnable -> {
        Thread watchdog = new Thread(runnable, "watchdog");
        watchdog.setDaemon(true);
        return watchdog;
    });
    private long turnsSeen = -1;
    private int secondsWithout;

    /**
     * @param limitSeconds longer than any timeout of Kafka or Postgres in the loop
     * @param end called once the limit is exceeded, or the relay has died
     */
    public Watchdog(RelayState state, int limitSeconds, Runnable end) {
        this.state = state;
        this.limitSeconds = limitSeconds;
        this.end = end;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the task does not fail
    public void start() {
        thread.scheduleWithFixedDelay(this::tick, 1, 1, TimeUnit.SECONDS);
    }

    /** Called once a second. */
    void tick() {
        if (state.isDead()) {
            try {
                LOG.error("event=relay-dead effect=\"the process ends\"");
            } finally {
                end.run();
            }
            return;
        }
        long turns = state.turns();
        boolean isRunning = state.snapshot().phase() == RelayState.Phase.RUNNING;
        secondsWithout = isRunning && turns == turnsSeen ? secondsWithout + 1 : 0;
        turnsSeen = turns;
        if (secondsWithout >= limitSeconds) {
            LOG.error(
                    "event=loop-stalled seconds={} effect=\"the process ends\" stack=\"{}\"", secondsWithout, stack());
            end.run();
        }
    }

    private static String stack() {
        StringBuilder stack = new StringBuilder();
        Thread.getAllStackTraces().forEach((owner, frames) -> {
            if (owner.getName().equals("relay")) {
                for (StackTraceElement frame : frames) {
                    stack.append(frame).append(" < ");
                }
            }
        });
        return stack.toString();
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
