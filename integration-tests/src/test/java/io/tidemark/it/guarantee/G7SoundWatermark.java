// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.guarantee;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.guarantee.WatermarkEvidence.Success;
import io.tidemark.it.harness.TestSource.CommittedEvent;
import io.tidemark.outbox.Lsn;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** When a relay returns {@code success} for a token, every event at or below it has been processed and committed. */
public final class G7SoundWatermark {

    public void check(WatermarkEvidence evidence) {
        List<String> early = new ArrayList<>();
        List<CommittedEvent> committed = evidence.committed();
        long[] processed = committed.stream()
                .mapToLong(event -> evidence.processedNanos().getOrDefault(event.id(), Long.MAX_VALUE))
                .toArray(); // successes are many, and so are events
        for (Success success : earliest(evidence.successes())) {
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

    /** For each token the earliest; if that was not too early, no later one was. A reader gets hundreds for one token. */
    private static Collection<Success> earliest(List<Success> successes) {
        Map<Lsn, Success> earliest = new HashMap<>();
        successes.forEach(success ->
                earliest.merge(success.token(), success, (a, b) -> a.givenNanos() - b.givenNanos() <= 0 ? a : b));
        return earliest.values();
    }
}
