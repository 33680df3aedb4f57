// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.guarantee;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.guarantee.WatermarkEvidence.Repeat;
import java.util.List;

/** After {@code success} for a token, the answer stays {@code success} until the group is set back. */
public final class G8Monotone {

    public void check(WatermarkEvidence evidence) {
        List<Repeat> lost = evidence.repeats().stream()
                .filter(repeat -> !repeat.status().equals("success"))
                .toList();

        assertThat(lost).as("no success any more").isEmpty();
    }
}
