// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.preflight;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Position;
import io.tidemark.relay.source.SlotState;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class StartFindingsTest {

    private static final Lsn PUBLISHED = Lsn.parse("0/5000");

    private static StartFindings published(int timeline, int databaseTimeline) {
        SlotState slot = new SlotState(
                Lsn.parse("0/3000"),
                Lsn.ZERO,
                "reserved",
                OptionalInt.empty(),
                OptionalLong.empty(),
                OptionalLong.empty());
        return new StartFindings(
                Optional.empty(),
                Optional.of(PUBLISHED),
                Optional.of(slot),
                Optional.empty(),
                Lsn.parse("0/9000"),
                Optional.of(new Position(timeline, PUBLISHED, 0)),
                databaseTimeline,
                PUBLISHED);
    }

    @Test
    void warnsOfConsumersThatComparePositionsWhereTheseGoBack() {
        assertThat(published(1, 1).consequences(Lsn.parse("0/4000")))
                .contains("positions go back", "up to 00000001/0000000000005000/00000000", "reset what it keeps");
        assertThat(published(2, 1).consequences(Lsn.parse("0/6000"))).contains("positions go back");
    }

    @Test
    void doesNotWarnWherePositionsKeepGrowing() {
        assertThat(published(1, 1).consequences(PUBLISHED)).doesNotContain("positions go back");
        assertThat(published(1, 2).consequences(Lsn.parse("0/4000"))).doesNotContain("positions go back");
    }
}
