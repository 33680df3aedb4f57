// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.guarantee;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.TestSource.CommittedEvent;
import io.tidemark.outbox.Position;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Positions strictly increase in every partition, and are correct: commit LSN and ordinal are those of the independent
 * slot.
 */
public final class G5OrderOfPositions implements Guarantee {

    @Override
    public void check(Evidence evidence) {
        Map<String, Position> last = new HashMap<>();
        for (ReadEvent event : evidence.read()) {
            Position previous = last.put(event.topic() + "-" + event.partition(), event.position());
            if (previous != null) {
                assertThat(event.position()).as("position of %s", event).isGreaterThan(previous);
            }
        }
        Map<String, ReadEvent> byId = new HashMap<>();
        evidence.read().forEach(event -> byId.put(event.id(), event));
        for (CommittedEvent truth : evidence.committed()) {
            Position position = Objects.requireNonNull(byId.get(truth.id())).position();
            assertThat(position.commitLsn()).as("commit LSN of %s", truth).isEqualTo(truth.commitLsn());
            assertThat(position.ordinal()).as("ordinal of %s", truth).isEqualTo(truth.ordinal());
        }
    }
}
