// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.relay.source.SourceNotReady;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class UrlWatchTest {

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5); // overflows, as System.nanoTime() may
    private boolean isThere = true;
    private boolean isAway;
    private final UrlWatch watch = new UrlWatch(this::look, now::get);

    private boolean look() throws SourceNotReady {
        if (isAway) {
            throw new SourceNotReady("too many clients already");
        }
        return isThere;
    }

    @AfterEach
    void close() {
        watch.close();
    }

    @Test
    void holdsWhileNewConnectionsSeeTheSession() {
        for (int i = 0; i < 10; i++) {
            now.addAndGet(UrlWatch.GRACE_NANOS);
            watch.renew();
            assertThat(watch.problem()).isEmpty();
        }
    }

    @Test
    void endsAtOnceWhereTheUrlLeadsToAServerWithoutTheSession() {
        isThere = false;
        watch.renew();

        assertThat(watch.problem()).get().asString().contains("postgres.url leads to another server");
    }

    @Test
    void endsWhereNoConnectionCanBeMadeForLong() {
        isAway = true;
        now.addAndGet(UrlWatch.GRACE_NANOS);
        watch.renew();
        assertThat(watch.problem()).isEmpty();

        now.incrementAndGet();
        assertThat(watch.problem()).get().asString().contains("for 20 s", "too many clients already");

        isAway = false;
        watch.renew();
        assertThat(watch.problem()).isEmpty();
    }
}
