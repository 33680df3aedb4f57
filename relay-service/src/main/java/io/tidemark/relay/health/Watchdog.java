package io.tidemark.relay.health;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the process when its relay has died, or a running one's loop stands still for so long that nothing in it will
 * time out any more: a fresh process, or a standby, takes over. Counts its own seconds, so a process that was stopped as
 * a whole and woken up is not blamed for the time in between. One thread.
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
     * @param limitSeconds more than any time-out of Kafka or Postgres that the loop may be waiting for
     * @param end called once the limit is passed, or the relay has died
     */
    public Watchdog(RelayState state, int limitSeconds, Runnable end) {
        this.state = state;
        this.limitSeconds = limitSeconds;
        this.end = end;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // what it runs does not fail
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
