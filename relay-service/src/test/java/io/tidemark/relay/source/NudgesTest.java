// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.PostgresConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class NudgesTest {

    private static final int QUESTIONS = 200;
    private static final SourceIdentity SERVER = new SourceIdentity("7f3a9c21", "71", "shop", 1);
    private static final long NEVER_MILLIS = TimeUnit.HOURS.toMillis(1);
    private static final long PATIENCE_SECONDS = 30;

    private final AtomicInteger sessions = new AtomicInteger();
    private final AtomicInteger looks = new AtomicInteger();
    private final AtomicInteger writes = new AtomicInteger();
    private final AtomicLong wal = new AtomicLong(1000);
    private final BlockingQueue<Nudge> told = new LinkedBlockingQueue<>();
    private volatile @Nullable CountDownLatch held;
    private volatile boolean isEnded;

    /** Its WAL grows with each nudge; a session that was ended fails at its next use. */
    private final class FakeSession implements NudgeSession {

        @Override
        public Nudge nudge(Lsn lowest) throws SQLException {
            looks.incrementAndGet();
            CountDownLatch latch = held;
            if (latch != null) {
                awaitQuietly(latch);
            }
            if (isEnded) {
                isEnded = false;
                throw new SQLException("terminating connection due to administrator command");
            }
            if (lowest.isAfter(new Lsn(wal.get()))) {
                return new Nudge(new Lsn(wal.get()), SERVER);
            }
            writes.incrementAndGet();
            return new Nudge(new Lsn(wal.addAndGet(100)), SERVER);
        }

        @Override
        public SourceIdentity server() {
            return SERVER;
        }

        @Override
        public void close() {}
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            assertThat(latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Nudges nudges(long repeatMillis) {
        return new Nudges(
                () -> {
                    sessions.incrementAndGet();
                    return new FakeSession();
                },
                repeatMillis);
    }

    private Nudge nextTold() throws InterruptedException {
        Nudge nudge = told.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(nudge).isNotNull();
        return nudge;
    }

    @Test
    void returnsAheadWithoutWritingToTheWal() throws Exception {
        try (Nudges nudges = nudges(NEVER_MILLIS)) {
            for (int i = 0; i < QUESTIONS; i++) {
                nudges.request(new Lsn(5000 + i), () -> true, told::add);
            }
            for (int i = 0; i < QUESTIONS; i++) {
                assertThat(nextTold().isShortOf(new Lsn(5000), SERVER)).isTrue();
            }
        }

        assertThat(writes).hasValue(0);
    }

    /** The first round is held, so that the other requests arrive during it. */
    @Test
    void oneNudgeServesAllThatCameBeforeItBegan() throws Exception {
        CountDownLatch latch = new CountDownLatch(1);
        held = latch;
        try (Nudges nudges = nudges(NEVER_MILLIS)) {
            nudges.request(new Lsn(1), () -> true, told::add);
            await(looks, 1);
            wal.set(3000);
            for (int i = 0; i < QUESTIONS; i++) {
                nudges.request(new Lsn(2500 + i), () -> true, told::add);
            }
            held = null;
            latch.countDown();
            for (int i = 0; i < QUESTIONS + 1; i++) {
                assertThat(nextTold().lsn().isAtLeast(new Lsn(2699))).isTrue();
            }
        }

        assertThat(looks.get()).isLessThanOrEqualTo(2);
        assertThat(writes.get()).isLessThanOrEqualTo(2);
    }

    /** A commit between the two calls is above what the look in progress has read. */
    @Test
    void theEndOfTheWalIsNeverReadBeforeItWasAskedFor() throws Exception {
        CountDownLatch latch = new CountDownLatch(1);
        CountDownLatch hasRead = new CountDownLatch(1);
        NudgeSession slow = new NudgeSession() {

            @Override
            public Nudge nudge(Lsn lowest) {
                looks.incrementAndGet();
                Nudge read = new Nudge(new Lsn(wal.get()), SERVER);
                hasRead.countDown();
                awaitQuietly(latch);
                return read;
            }

            @Override
            public SourceIdentity server() {
                return SERVER;
            }

            @Override
            public void close() {}
        };
        try (Nudges nudges = new Nudges(() -> slow, NEVER_MILLIS)) {
            CompletableFuture<Nudge> before = nudges.walEnd();
            awaitQuietly(hasRead);
            wal.set(3000);
            List<CompletableFuture<Nudge>> after =
                    Stream.generate(nudges::walEnd).limit(QUESTIONS).toList();
            latch.countDown();

            assertThat(before.get(PATIENCE_SECONDS, TimeUnit.SECONDS).lsn()).isEqualTo(new Lsn(1000));
            for (CompletableFuture<Nudge> end : after) {
                assertThat(end.get(PATIENCE_SECONDS, TimeUnit.SECONDS).lsn()).isEqualTo(new Lsn(3000));
            }
        }

        assertThat(looks).as("one look serves all that came before it began").hasValue(2);
    }

    @Test
    void readsTheEndOfTheWalWithoutWritingToIt() throws Exception {
        try (Nudges nudges = nudges(NEVER_MILLIS)) {
            assertThat(nudges.walEnd().get(PATIENCE_SECONDS, TimeUnit.SECONDS).lsn())
                    .isEqualTo(new Lsn(1000));
        }

        assertThat(writes).hasValue(0);
    }

    @Test
    void dropsRequestsWithoutWaiters() throws Exception {
        try (Nudges nudges = nudges(NEVER_MILLIS)) {
            nudges.request(new Lsn(1), () -> false, told::add);
            nudges.request(new Lsn(2), () -> true, told::add);
            nextTold();
        }

        assertThat(told).isEmpty();
        assertThat(looks).hasValue(1);
    }

    /** No caller repeats the request here, so it is retried immediately. */
    @Test
    void retriesImmediatelyInANewSessionWhenTheOldOneHasEnded() throws Exception {
        try (Nudges nudges = nudges(NEVER_MILLIS)) {
            nudges.request(new Lsn(1), () -> true, told::add);
            nextTold();
            isEnded = true;
            nudges.request(new Lsn(1001 + 100), () -> true, told::add);
            wal.set(4000);
            nudges.request(new Lsn(3000), () -> true, told::add);
            nextTold();
            nextTold();
        }

        assertThat(sessions).hasValue(2);
    }

    @Test
    void repeatsANudgeWhileSomebodyWaits() throws Exception {
        AtomicInteger wanted = new AtomicInteger(1);
        try (Nudges nudges = nudges(10)) {
            nudges.request(new Lsn(1), () -> wanted.get() > 0, told::add);
            nextTold();
            nextTold();
            nextTold();
            wanted.set(0);
        }

        assertThat(writes.get()).isGreaterThanOrEqualTo(3);
        assertThat(sessions).hasValue(1);
    }

    /** A look without a write is not a nudge: it does not move the stream. */
    @Test
    void aLookWithoutAWriteServesNoOtherRequest() throws Exception {
        try (Nudges nudges = nudges(NEVER_MILLIS)) {
            nudges.request(new Lsn(5000), () -> true, told::add);
            nextTold();
            nudges.request(new Lsn(900), () -> true, told::add);
            nextTold();
        }

        assertThat(writes).hasValue(1);
    }

    private static void await(AtomicInteger counter, int goal) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (counter.get() < goal && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertThat(counter.get()).isGreaterThanOrEqualTo(goal);
    }

    /** The database ends every connection. */
    @Test
    void oneAttemptServesHoweverManyAskWhileTheDatabaseIsAway() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        try (ServerSocket away = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread accepting = new Thread(() -> refuseAll(away, attempts));
            accepting.start();
            String url = "jdbc:postgresql://127.0.0.1:" + away.getLocalPort() + "/shop";
            PostgresConfig postgres = new PostgresConfig(url, "u", "p", null, null, null, null);
            try (Nudges nudges = new Nudges(new SourceDatabase(postgres))) {
                for (int i = 0; i < QUESTIONS; i++) {
                    nudges.request(new Lsn(1), () -> true, told::add);
                }
            }
        }

        assertThat(attempts.get()).isPositive().isLessThan(QUESTIONS / 4);
        assertThat(told).isEmpty();
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
