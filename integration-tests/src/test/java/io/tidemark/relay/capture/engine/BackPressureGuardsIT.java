// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.TestSource;
import io.tidemark.relay.capture.ChangeRing;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A streaming thread that is blocked on a full ring must keep its connection, and can be stopped. */
class BackPressureGuardsIT {

    private static final int RING = 10;
    private static final int EVENTS = 300;

    private TestSource source;

    /** The server's timeout is well below Debezium's keep-alive of 10 s. Only the tap's keep-alive is within it. */
    @BeforeEach
    void createSource() throws Exception {
        source = TestSource.create("full");
        source.execute("alter database " + source.name() + " set wal_sender_timeout = '2s'");
        source.execute(
                "select outbox.publish('order', 'a', 'changed', n::text) from generate_series(1, " + EVENTS + ") n");
    }

    @AfterEach
    void dropSource() throws Exception {
        source.close();
    }

    private CapturedStream startUndrained() throws Exception {
        return CapturedStream.start(source, source.confirmed(), RING).awaitStarted();
    }

    @Test
    void fullRingKeepsTheConnectionAndTheOrder() throws Exception {
        try (CapturedStream stream = startUndrained()) {
            String walsender = walsender();

            await("the ring being full").during(Duration.ofSeconds(8)).until(() -> {
                stream.engine().checkAlive();
                return stream.engine().captured().equals(source.confirmed());
            });

            assertThat(walsender()).isEqualTo(walsender);
            assertThat(stream.payloadsToNow())
                    .isEqualTo(IntStream.rangeClosed(1, EVENTS)
                            .mapToObj(Integer::toString)
                            .toList());
            assertThat(walsender()).isEqualTo(walsender);
        }
    }

    private String walsender() throws Exception {
        return source.query("select active_pid::text || ' since ' || backend_start from pg_replication_slots join"
                + " pg_stat_activity on pid = active_pid where slot_name = '" + source.name() + "'");
    }

    @Test
    void closingEndsABlockedStreamingThread() throws Exception {
        CapturedStream stream = startUndrained();
        Thread streaming = await("the streaming thread to block")
                .until(BackPressureGuardsIT::blockedThreads, threads -> threads.size() == 1)
                .get(0);

        long start = System.nanoTime();
        stream.close();

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
        assertThat(streaming.isAlive()).isFalse();
    }

    private static List<Thread> blockedThreads() {
        return Thread.getAllStackTraces().entrySet().stream()
                .filter(thread -> List.of(thread.getValue()).stream()
                        .anyMatch(frame -> frame.getClassName().equals(ChangeRing.class.getName())
                                && frame.getMethodName().equals("offer")))
                .map(Map.Entry::getKey)
                .toList();
    }
}
