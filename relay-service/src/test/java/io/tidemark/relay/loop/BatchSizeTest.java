// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.dropwizard.util.DataSize;
import io.tidemark.relay.config.LimitsConfig;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class BatchSizeTest {

    private static final long FAST = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long SLOW = TimeUnit.SECONDS.toNanos(20);

    private final BatchSize size = new BatchSize(new LimitsConfig(DataSize.mebibytes(1), 1000, "unused"));

    @Test
    void halvesWhatWasSentDownToOne() {
        size.timedOut(600);
        assertThat(size.events()).isEqualTo(300);

        size.timedOut(1);
        assertThat(size.events()).isEqualTo(1);
        size.timedOut(1);
        assertThat(size.events()).isEqualTo(1);
    }

    @Test
    void growsAfterFullOnesThatWereFastUpToWhatIsConfigured() {
        size.timedOut(600);

        size.taken(300, FAST);
        assertThat(size.events()).isEqualTo(600);
        size.taken(600, FAST);
        assertThat(size.events()).isEqualTo(1000);
    }

    @Test
    void doesNotGrowAfterSlowOrSmallOnes() {
        size.timedOut(600);

        size.taken(300, SLOW);
        size.taken(299, FAST);

        assertThat(size.events()).isEqualTo(300);
    }
}
