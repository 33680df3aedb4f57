// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.guarantee;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.guarantee.WatermarkEvidence.Success;
import java.util.List;

/** Commit, token, {@code success}: a read that starts afterwards sees the write. */
public final class G9ReadYourWrites {

    public void check(WatermarkEvidence evidence) {
        List<Success> stale = evidence.successes().stream()
                .filter(success -> success.ownEvent()
                        .filter(own -> evidence.isProcessedLaterThan(success, own))
                        .isPresent())
                .toList();

        assertThat(stale).as("success, but a read does not see the write").isEmpty();
    }
}
