package io.tidemark.relay.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.PostgresConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class NudgesTest {

    private static final int QUESTIONS = 200;

    /** Its database ends every connection. */
    @Test
    void oneAttemptServesHoweverManyAskWhileTheDatabaseIsAway() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        AtomicInteger told = new AtomicInteger();
        try (ServerSocket away = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread accepting = new Thread(() -> refuseAll(away, attempts));
            accepting.start();
            String url = "jdbc:postgresql://127.0.0.1:" + away.getLocalPort() + "/shop";
            PostgresConfig postgres = new PostgresConfig(url, "u", "p", null, null, null, null);
            try (Nudges nudges = new Nudges(new SourceDatabase(postgres))) {
                for (int i = 0; i < QUESTIONS; i++) {
                    nudges.request(new Lsn(1), written -> told.incrementAndGet());
                }
            }
        }

        assertThat(attempts.get()).isPositive().isLessThan(QUESTIONS / 4);
        assertThat(told).hasValue(0);
    }

    private static void refuseAll(ServerSocket away, AtomicInteger attempts) {
        try {
            while (true) {
                away.accept().close();
                attempts.incrementAndGet();
            }
        } catch (IOException e) {
            assertThat(away.isClosed()).isTrue();
        }
    }
}
