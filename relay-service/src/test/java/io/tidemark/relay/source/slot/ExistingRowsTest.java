// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source.slot;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.source.slot.ExistingRows.Decision;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ExistingRowsTest {

    private static final Optional<Lsn> BEGAN = Optional.of(Lsn.parse("16/B374D848"));
    private static final Optional<Instant> SINCE = Optional.of(Instant.parse("2026-11-21T09:12:44Z"));

    private static Optional<String> problem(
            Optional<Lsn> began, long count, Optional<Decision> decision, boolean published) {
        return new ExistingRows("tidemark", began, count, SINCE, decision, published).problem(OutboxConfig.DEFAULT);
    }

    @Test
    void nothingIsInTheWayWithoutOldRowsOrOnceTheyAreDealtWith() {
        assertThat(problem(BEGAN, 0, Optional.empty(), false)).isEmpty();
        assertThat(problem(BEGAN, 3, Optional.of(Decision.IGNORE), false)).isEmpty();
        assertThat(problem(BEGAN, 3, Optional.of(Decision.ADOPT), false)).isEmpty();
        assertThat(problem(BEGAN, 3, Optional.of(Decision.PUBLISH), true)).isEmpty();
    }

    @Test
    void namesCountAgeConsequenceAndBothCommandsUntilADecision() {
        assertThat(problem(BEGAN, 3, Optional.empty(), false))
                .contains("3 rows of outbox.event are older than replication slot tidemark (the oldest is of"
                        + " 2026-11-21T09:12:44Z): the relay never receives them, so their events are not published, and"
                        + " the rows stay in the table. Nothing is published until you decide. To"
                        + " publish them before everything newer: tidemark init CONFIG --existing publish. To leave them"
                        + " out permanently: tidemark init CONFIG --existing ignore");
        assertThat(problem(BEGAN, 1, Optional.empty(), false).orElse("")).startsWith("1 row of outbox.event is older");
    }

    @Test
    void staysInTheWayUntilAllArePublished() {
        assertThat(problem(BEGAN, 3, Optional.of(Decision.PUBLISH), false).orElse(""))
                .contains("that is not finished", "tidemark init CONFIG --existing publish");
    }

    @Test
    void isInTheWayWhereTheMakingOfTheSlotWasCutOff() {
        assertThat(problem(Optional.empty(), 0, Optional.empty(), false).orElse(""))
                .contains("was cut off while it made replication slot tidemark", "tidemark init CONFIG");
    }
}
