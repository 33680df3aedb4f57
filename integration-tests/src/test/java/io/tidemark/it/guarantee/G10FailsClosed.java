package io.tidemark.it.guarantee;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.relay.watermark.Answer;

/** Where going on could lose or repeat events a relay publishes nothing, says why, and guesses no {@code success}. */
public final class G10FailsClosed {

    public void check(HaltEvidence halt) {
        assertThat(halt.reason()).as("why it has halted").isNotBlank();
        assertThat(halt.readableLater())
                .as("what can be read while it is halted")
                .isEqualTo(halt.readable());
        assertThat(halt.answer())
                .as("what it says to a token that it has not published")
                .isNotInstanceOf(Answer.Success.class);
    }
}
