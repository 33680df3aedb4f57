// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class EventWriterTest {

    @Test
    void findsTheNumberOfAnEventInTheSmallestPayload() {
        int largest = BenchSettings.MOST_EVENTS + 3 * BenchSettings.MOST_PACED_EVENTS;
        String payload = largest + " ";

        assertThat(payload.length()).isLessThan(BenchSettings.LEAST_PAYLOAD_BYTES);
        assertThat(EventWriter.numberOf(payload.getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(largest);
        assertThat(EventWriter.numberOf("0 xxx".getBytes(StandardCharsets.UTF_8)))
                .isZero();
    }

    @Test
    void assignsEveryAggregateToOneWriter() {
        assertThat(EventWriter.AGGREGATES % PacedLoad.WRITERS).isZero();
    }
}
