// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TimestampedTest {

    private static final long SOON_NEGATIVE = Long.MAX_VALUE - 5;

    private final Timestamped<String> seen = new Timestamped<>("x", SOON_NEGATIVE);

    private static long later(long seconds) {
        return SOON_NEGATIVE + TimeUnit.SECONDS.toNanos(seconds);
    }

    @Test
    void expiresAfterHalfAMinute() {
        assertThat(seen.ifFresh(SOON_NEGATIVE)).contains("x");
        assertThat(seen.ifFresh(later(30))).contains("x");
        assertThat(seen.ifFresh(later(30) + 1)).isEmpty();
    }
}
