// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import io.tidemark.it.harness.TestSource;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.capture.Change;
import io.tidemark.relay.capture.ChangeRing;
import io.tidemark.relay.config.OutboxConfig;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.connect.source.SourceRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Checks the waiting socket. Debezium passes it to pgjdbc for the replication connection. Pgjdbc peeks on it with a
 * timeout of 1 ms, so a read on an idle stream waits for its first byte, and no longer.
 */
class SocketGuardsIT {

    private TestSource source;
    private ChangeRing ring;

    @BeforeEach
    void createSource() throws Exception {
        source = TestSource.create("socket");
        ring = new ChangeRing(100, 1_000_000);
        PeekCountingSocketFactory.PEEKS.set(0);
    }

    @AfterEach
    void dropSource() throws Exception {
        source.close();
    }

    static boolean isStreaming(Thread thread) {
        return thread.getName().endsWith("change-event-source-coordinator");
    }

    /** The relay's engine, but with a counting socket, and with this wait unless it is 0. */
    private final class CountingEngine implements AutoCloseable {

        private final String tapId;
        private final DebeziumEngine<RecordChangeEvent<SourceRecord>> engine;
        private final Thread thread;

        CountingEngine() throws Exception {
            this(0);
        }

        CountingEngine(int peekMillis) throws Exception {
            tapId = Taps.register(new Tap(ring, OutboxConfig.DEFAULT, source.confirmed(), source.confirmed()));
            Properties properties = EngineProperties.of(source.configuration().postgres(), OutboxConfig.DEFAULT, tapId);
            assertThat(properties.setProperty("driver.socketFactory", PeekCountingSocketFactory.class.getName()))
                    .isEqualTo(WaitingSocketFactory.class.getName());
            if (peekMillis > 0) {
                properties.setProperty(
                        "driver.socketFactoryArg", new WaitingSocketFactory.Argument(peekMillis, tapId).toString());
            }
            engine = DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
                    .using(properties)
                    .notifying((RecordChangeEvent<SourceRecord> event) -> {})
                    .build();
            thread = new Thread(engine, "counting-engine");
            thread.setDaemon(true);
            thread.start();
        }

        /** Returns the streaming thread. */
        Thread awaitPeeks(int peeks) {
            await(peeks + " peeks")
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> PeekCountingSocketFactory.PEEKS.get() >= peeks);
            return Thread.getAllStackTraces().keySet().stream()
                    .filter(SocketGuardsIT::isStreaming)
                    .findFirst()
                    .orElseThrow();
        }

        /** Ends the walsender first, which ends a read that may wait for a long time. */
        @Override
        public void close() throws Exception {
            source.execute("select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = '"
                    + source.name() + "' and active");
            thread.join(CapturedStream.PATIENCE.toMillis());
            Taps.unregister(tapId);
        }
    }

    @Test
    void readOnAnIdleStreamWaits() throws Exception {
        int peeks = 30;
        try (CountingEngine engine = new CountingEngine()) {
            Thread streaming = engine.awaitPeeks(5);
            int first = PeekCountingSocketFactory.PEEKS.get();
            long cpu = ManagementFactory.getThreadMXBean().getThreadCpuTime(streaming.getId());
            long start = System.nanoTime();

            engine.awaitPeeks(first + peeks);

            // A busy machine only makes them slower. Peeks that do not wait take 30 ms instead of 1,500 ms.
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(900));
            cpu = ManagementFactory.getThreadMXBean().getThreadCpuTime(streaming.getId()) - cpu;
            assertThat(Duration.ofNanos(cpu)).isLessThan(Duration.ofMillis(400));
        }
    }

    /** The wait is much longer than the test: without an early end, the event would not arrive. */
    @Test
    void eventEndsTheWaitImmediately() throws Exception {
        int farTooLong = (int) CapturedStream.PATIENCE.multipliedBy(10).toMillis();
        try (CountingEngine engine = new CountingEngine(farTooLong)) {
            engine.awaitPeeks(1);
            for (int i = 0; i < 5; i++) {
                List<Change> changes = new ArrayList<>();
                source.execute("select outbox.publish('order', 'a', 'changed', 'x'::text)");

                await("event " + i).until(() -> {
                    ring.drainTo(changes, 100);
                    return changes.size() == 2;
                });

                assertThat(changes.get(0)).isInstanceOf(CapturedEvent.class);
            }
        }
    }
}
