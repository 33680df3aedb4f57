// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SelectionTest {

    private static final Optional<Instant> EIGHT = Optional.of(Instant.parse("2026-11-25T08:00:00Z"));
    private static final Optional<Instant> NINE = Optional.of(Instant.parse("2026-11-25T09:00:00Z"));
    private static final Optional<String> NONE = Optional.empty();

    @Test
    void everythingGivenMustHold() throws ReplayProblem {
        Selection selection =
                Selection.of(EIGHT, NINE, List.of(UUID.randomUUID()), Optional.of("order"), Optional.of("42"));

        assertThat(selection.condition())
                .isEqualTo("where created_at >= ? and created_at < ? and id = any (?) and aggregate_type = ?"
                        + " and aggregate_id = ?");
    }

    @Test
    void refusesToReplayWhateverThereIs() {
        assertThatThrownBy(() -> Selection.of(Optional.empty(), Optional.empty(), List.of(), NONE, NONE))
                .isInstanceOf(ReplayProblem.class)
                .hasMessageContainingAll("nothing says which", "--from", "--id", "--aggregate-type");
    }

    @Test
    void refusesContradictoryValues() {
        assertThatThrownBy(() -> Selection.of(NINE, EIGHT, List.of(), NONE, NONE))
                .isInstanceOf(ReplayProblem.class)
                .hasMessageContaining("is not before --to");
        assertThatThrownBy(() -> Selection.of(EIGHT, NINE, List.of(), NONE, Optional.of("42")))
                .isInstanceOf(ReplayProblem.class)
                .hasMessageContaining("--aggregate-id needs --aggregate-type");
    }
}
