// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.guarantee;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.guarantee.WatermarkEvidence.Success;
import io.tidemark.it.harness.TestSource.CommittedEvent;
import java.util.ArrayList;
import java.util.List;

/** When a relay returns {@code success} for a token, every event at or below it has been processed and committed. */
public final class G7SoundWatermark {

    public void check(WatermarkEvidence evidence) {
        List<String> early = new ArrayList<>();
        List<CommittedEvent> committed = evidence.committed();
        long[] processed = committed.stream()
                .mapToLong(event -> evidence.processedNanos().getOrDefault(event.id(), Long.MAX_VALUE))
                .toArray(); // successes are many, and so are events
        for (Success success : evidence.successes()) {
            for (int i = 0; i < processed.length; i++) {
                CommittedEvent event = committed.get(i);
                if (processed[i] > success.givenNanos()
                        && success.token().isAtLeast(event.commitLsn())
                        && !evidence.isGivenUp().test(event, success)) {
                    early.add("success for " + success.token() + " before " + event + " was processed");
                }
            }
        }

        assertThat(early).as("success too early").isEmpty();
    }
}
