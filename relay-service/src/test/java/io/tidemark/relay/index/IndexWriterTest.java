// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.relay.config.KafkaConfig;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class IndexWriterTest {

    private static final int ENTRIES = 200;

    /** Each of them would delay the loop by 100 ms, or by the producer's own limit of a minute. */
    @Test
    void dropsEntriesInsteadOfDelayingTheEvents() {
        try (IndexWriter writer = new IndexWriter(new KafkaConfig("127.0.0.1:1", null, null, null), "7f3a9c21")) {
            long beganNanos = System.nanoTime();

            for (int i = 0; i < ENTRIES; i++) {
                writer.write(new byte[] {1});
            }

            assertThat(Duration.ofNanos(System.nanoTime() - beganNanos)).isLessThan(Duration.ofSeconds(10));
        }
    }
}
