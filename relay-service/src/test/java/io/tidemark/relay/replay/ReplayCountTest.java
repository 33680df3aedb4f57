// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.relay.publish.PlainPublisher.Delivery;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReplayCountTest {

    private static final Instant EIGHT = Instant.parse("2026-11-25T08:00:00Z");

    private final ReplayCount tally = new ReplayCount();

    private Delivery send(String event, int secondsAfterEight) {
        return tally.send(event, "orders", EIGHT.plusSeconds(secondsAfterEight));
    }

    @Test
    void countsWhatKafkaHasAndNotWhatWasSent() {
        Delivery first = send("event a", 0);
        Delivery second = send("event b", 1);
        send("event c", 2);
        first.acknowledged();
        second.refused("is too large");

        assertThat(tally.summary().topics()).isEqualTo(Map.of("orders", 1L));
        assertThat(tally.summary().refused()).isEqualTo(1);
        assertThat(tally.summary().reasons()).containsExactly("event b is too large");
    }

    @Test
    void continuesWithTheOldestUnacknowledgedEvent() {
        Delivery first = send("event a", 0);
        send("event b", 1);
        Delivery third = send("event c", 2);
        third.acknowledged();
        first.acknowledged();

        assertThat(tally.brokenOff("r1"))
                .contains("replay r1 broke off with 2 events published", "continue with --from 2026-11-25T08:00:01Z");
    }

    /** Later events may have been created at the same moment. */
    @Test
    void continuesWithTheLastEventWhenAllAreAcknowledged() {
        send("event a", 0).acknowledged();
        send("event b", 1).acknowledged();

        assertThat(tally.brokenOff("r1")).contains("continue with --from 2026-11-25T08:00:01Z");
    }

    @Test
    void namesWhatWasRefusedBeforeItBrokeOff() {
        send("event a", 0).refused("is too large");

        assertThat(tally.brokenOff("r1")).contains("0 events published", "event a is too large");
    }

    @Test
    void hasNothingToGoOnWithBeforeAnythingWasSent() {
        assertThat(tally.brokenOff("r1")).doesNotContain("--from");
    }
}
