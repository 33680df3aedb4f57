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
        for (Success success : evidence.successes()) {
            for (CommittedEvent event : evidence.committed()) {
                if (success.token().isAtLeast(event.commitLsn())
                        && evidence.isProcessedLaterThan(success, event.id())) {
                    early.add("success for " + success.token() + " before " + event + " was processed");
                }
            }
        }

        assertThat(early).as("success too early").isEmpty();
    }
}
