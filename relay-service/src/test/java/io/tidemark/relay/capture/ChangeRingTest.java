// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ChangeRingTest {

    private static final long NO_WAIT = 0;
    private static final long LONG_WAIT = 20_000;
    private static final int COMMIT_BYTES = commit(1).approximateBytes();

    @Test
    void isBoundedByCount() throws InterruptedException {
        ChangeRing ring = new ChangeRing(2, 1 << 20);

        assertThat(ring.offer(commit(1), NO_WAIT)).isTrue();
        assertThat(ring.offer(commit(2), NO_WAIT)).isTrue();
        assertThat(ring.offer(commit(3), NO_WAIT)).isFalse();
        assertThat(drain(ring)).containsExactly(commit(1), commit(2));
    }

    @Test
    void isBoundedByBytes() throws InterruptedException {
        ChangeRing ring = new ChangeRing(100, 2L * COMMIT_BYTES);

        assertThat(ring.offer(commit(1), NO_WAIT)).isTrue();
        assertThat(ring.offer(commit(2), NO_WAIT)).isTrue();
        assertThat(ring.offer(commit(3), NO_WAIT)).isFalse();
    }

    @Test
    void hasRoomAgainOnceDrained() throws InterruptedException {
        ChangeRing ring = new ChangeRing(100, 2L * COMMIT_BYTES);
        ring.offer(commit(1), NO_WAIT);
        ring.offer(commit(2), NO_WAIT);

        drain(ring);

        assertThat(ring.offer(commit(3), NO_WAIT)).isTrue();
        assertThat(ring.offer(commit(4), NO_WAIT)).isTrue();
        assertThat(drain(ring)).containsExactly(commit(3), commit(4));
    }

    @Test
    void letsAChangeLargerThanItsBoundPassAlone() throws InterruptedException {
        ChangeRing ring = new ChangeRing(100, COMMIT_BYTES - 1);

        assertThat(ring.offer(commit(1), NO_WAIT)).isTrue();
        assertThat(ring.offer(commit(2), NO_WAIT)).isFalse();
        assertThat(drain(ring)).containsExactly(commit(1));
        assertThat(ring.offer(commit(2), NO_WAIT)).isTrue();
    }

    @Test
    void drainsNothingWhenNothingComesInTime() throws InterruptedException {
        ChangeRing ring = new ChangeRing(2, 1 << 20);
        List<Change> drained = new ArrayList<>();

        ring.drainTo(drained, 1);

        assertThat(drained).isEmpty();
    }

    @Test
    void letsABlockedOfferGoWhenClosed() throws Exception {
        ChangeRing ring = new ChangeRing(1, 1 << 20);
        ring.offer(commit(1), NO_WAIT);
        FutureTask<Boolean> blocked = new FutureTask<>(() -> ring.offer(commit(2), LONG_WAIT));
        Thread producer = new Thread(blocked, "producer");
        producer.start();
        awaitBlocked(producer);

        ring.close();

        assertThatThrownBy(() -> blocked.get(10, TimeUnit.SECONDS)).hasRootCauseInstanceOf(InterruptedException.class);
    }

    @Test
    void takesNothingOnceClosed() {
        ChangeRing ring = new ChangeRing(2, 1 << 20);

        ring.close();

        assertThatThrownBy(() -> ring.offer(commit(1), NO_WAIT)).isInstanceOf(InterruptedException.class);
    }

    @Test
    void wakesWhoeverWaitsForAFirstChange() throws Exception {
        ChangeRing ring = new ChangeRing(2, 1 << 20);
        FutureTask<List<Change>> waiting = new FutureTask<>(() -> {
            List<Change> drained = new ArrayList<>();
            ring.drainTo(drained, LONG_WAIT);
            return drained;
        });
        Thread consumer = new Thread(waiting, "consumer");
        consumer.start();
        awaitBlocked(consumer);

        ring.offer(commit(1), NO_WAIT);

        assertThat(waiting.get(10, TimeUnit.SECONDS)).containsExactly(commit(1));
    }

    @Test
    void keepsTheOrderBetweenTwoThreadsAndDropsNothing() throws Exception {
        int count = 50_000;
        ChangeRing ring = new ChangeRing(16, 10L * COMMIT_BYTES);
        CompletableFuture<Void> producer = CompletableFuture.runAsync(() -> produce(ring, count));
        List<Change> received = new ArrayList<>();

        while (received.size() < count) {
            ring.drainTo(received, LONG_WAIT);
        }

        producer.get(10, TimeUnit.SECONDS);
        assertThat(received)
                .isEqualTo(LongStream.rangeClosed(1, count)
                        .mapToObj(ChangeRingTest::commit)
                        .toList());
    }

    private static void produce(ChangeRing ring, int count) {
        try {
            for (int i = 1; i <= count; i++) {
                assertThat(ring.offer(commit(i), LONG_WAIT)).isTrue();
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static Change commit(long lsn) {
        return new Change.Commit(new Lsn(lsn), 0);
    }

    private static List<Change> drain(ChangeRing ring) throws InterruptedException {
        List<Change> drained = new ArrayList<>();
        ring.drainTo(drained, NO_WAIT);
        return drained;
    }

    private static void awaitBlocked(Thread thread) {
        while (thread.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
    }
}
