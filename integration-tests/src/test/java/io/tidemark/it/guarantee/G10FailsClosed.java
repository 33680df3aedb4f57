// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.guarantee;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.relay.watermark.Answer;

/**
 * If continuing could lose or repeat events, a relay publishes nothing, reports why, and does not guess {@code
 * success}.
 */
public final class G10FailsClosed {

    public void check(HaltEvidence halt) {
        assertThat(halt.reason()).as("the reason of the halt").isNotBlank();
        assertThat(halt.readableLater())
                .as("readable events while it is halted")
                .isEqualTo(halt.readable());
        assertThat(halt.answer())
                .as("the answer for a token that it has not published")
                .isNotInstanceOf(Answer.Success.class);
    }
}
