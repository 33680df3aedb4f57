// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PublishedBarrierTest {

    private static final Duration LONG = Duration.ofMinutes(1);
    private static final Duration SHORT = Duration.ofMillis(30);

    /** The published LSN at each look; the last value is repeated. */
    private static PublishedBarrier barrier(Duration patience, long nudge, Long... published) {
        Deque<Long> looks = new ArrayDeque<>(List.of(published));
        return new PublishedBarrier(
                () -> new Lsn(nudge),
                () -> new Lsn(looks.size() > 1 ? looks.removeFirst() : looks.getFirst()),
                patience);
    }

    @Test
    void passesOnceTheNudgeIsPublished() throws Exception {
        assertThat(barrier(LONG, 100, 50L, 60L, 99L, 100L).pass()).isTrue();
        assertThat(barrier(LONG, 100, 50L, 60L, 170L).pass()).isTrue();
    }

    @Test
    void provesNothingWhileTheNudgeIsNotPublished() throws Exception {
        assertThat(barrier(SHORT, 100, 50L, 99L).pass()).isFalse();
    }

    @Test
    void comparesLsnsAsUnsigned() throws Exception {
        assertThat(barrier(SHORT, Long.MIN_VALUE, 50L, Long.MAX_VALUE).pass()).isFalse();
    }

    /** After a failover that lost WAL, what the old server had published shows nothing about the new server's rows. */
    @Test
    void refusesAServerWhoseWalIsBehindWhatIsPublished() {
        assertThatThrownBy(() -> barrier(LONG, 100, 100L).pass())
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("0/64")
                .hasMessageContaining("not the server the events came from");
    }

    @Test
    void writesItsNudgeAfterLookingWhatIsPublished() throws Exception {
        AtomicLong written = new AtomicLong();
        PublishedBarrier barrier =
                new PublishedBarrier(() -> new Lsn(written.addAndGet(100)), () -> new Lsn(written.get()), SHORT);

        assertThat(barrier.pass()).isTrue();
    }
}
