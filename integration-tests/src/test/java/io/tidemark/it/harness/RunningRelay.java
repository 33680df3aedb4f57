// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.Relay;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.health.RelayState;
import java.sql.SQLException;
import java.time.Duration;

/** A relay in this JVM, without HTTP. It can be stopped cleanly or interrupted at any point. */
public final class RunningRelay implements AutoCloseable {

    private final Relay relay;

    private RunningRelay(Relay relay) {
        this.relay = relay;
    }

    /** Starts it and returns immediately. */
    public static RunningRelay start(RelayConfiguration config) {
        Relay relay = new Relay(config);
        relay.start();
        return new RunningRelay(relay);
    }

    /** Starts it, and returns when it streams and answers watermark requests. */
    public static RunningRelay startAndAwait(RelayConfiguration config) {
        RunningRelay running = start(config);
        running.awaitPhase(RelayState.Phase.RUNNING);
        running.awaitServing();
        return running;
    }

    /** Waits until it answers watermark requests, in any role. */
    public void awaitServing() {
        await("serving watermarks").pollInterval(Duration.ofMillis(20)).until(relay.watermarks()::isServing);
    }

    public Relay relay() {
        return relay;
    }

    public RelayState.Snapshot state() {
        return relay.state().snapshot();
    }

    /** Waits for the phase and returns the state. */
    public RelayState.Snapshot awaitPhase(RelayState.Phase phase) {
        return await("phase " + phase)
                .pollInterval(Duration.ofMillis(20))
                .until(this::state, state -> state.phase() == phase);
    }

    /** Interrupts the publishing thread at any point: in a send, in a commit, while starting. */
    public void cutOff() throws InterruptedException {
        Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("relay"))
                .forEach(Thread::interrupt);
        close();
    }

    @Override
    public void close() throws InterruptedException {
        relay.stop();
    }

    /** Publishes an event of aggregate type {@code order}; returns when Kafka has it. */
    public void publish(TestSource source, String aggregateId) throws SQLException {
        source.execute("select outbox.publish('order', '" + aggregateId + "', 't', 'x')");
        Lsn nudge = Lsn.parse(source.query("select outbox.nudge()::text"));
        await().until(() -> state().published().isAtLeast(nudge));
    }

    /** Starts a relay that must halt, and must answer nothing before. Returns the reason. */
    public static String haltReason(RelayConfiguration config) throws Exception {
        try (RunningRelay relay = start(config)) {
            await().pollInterval(Duration.ofMillis(20)).until(() -> {
                assertThat(relay.relay().watermarks().isServing()).isFalse();
                return relay.state().phase() == RelayState.Phase.HALTED;
            });
            return String.valueOf(relay.state().reason());
        }
    }
}
