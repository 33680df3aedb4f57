// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.relay.account.IdHash;
import io.tidemark.relay.audit.RowSet.Seen;
import org.junit.jupiter.api.Test;

class RowSetTest {

    private final IdHash hash = new IdHash();
    private final RowSet rows = new RowSet(2_000);

    private void row(String id, long content) {
        hash.of(id);
        rows.add(hash.high(), hash.low(), content);
    }

    private void event(String id, long content) {
        hash.of(id);
        rows.saw(hash.high(), hash.low(), content, true, true);
    }

    private void replay(String id, long content) {
        hash.of(id);
        rows.saw(hash.high(), hash.low(), content, true, false);
    }

    private void deadLetter(String id) {
        hash.of(id);
        rows.saw(hash.high(), hash.low(), 0, false, false);
    }

    private Seen seen(String id, long content) {
        hash.of(id);
        return rows.seen(hash.high(), hash.low(), content);
    }

    @Test
    void reportsEveryRowThatIsMissingAmongMany() {
        for (int n = 0; n < 2_000; n++) {
            row("id-" + n, n);
        }
        for (int n = 0; n < 2_000; n++) {
            if (n != 1_234) {
                event("id-" + n, n);
            }
        }

        assertThat(rows.isAllSeenOnce()).isFalse();
        for (int n = 0; n < 2_000; n++) {
            assertThat(seen("id-" + n, n)).isEqualTo(n == 1_234 ? Seen.NEVER : Seen.ONCE);
        }
    }

    @Test
    void reportsRepeatedAndAlteredRows() {
        row("once", 1);
        row("twice", 2);
        row("altered", 3);
        event("once", 1);
        event("twice", 2);
        event("twice", 2);
        event("altered", 4);

        assertThat(seen("once", 1)).isEqualTo(Seen.ONCE);
        assertThat(seen("twice", 2)).isEqualTo(Seen.TWICE);
        assertThat(seen("altered", 3)).isEqualTo(Seen.OTHERWISE);
    }

    @Test
    void takesAReplayOrADeadLetterForTheEventAndNotForARepetition() {
        row("replayed", 1);
        row("dead", 2);
        row("retried", 3);
        event("replayed", 1);
        replay("replayed", 1);
        deadLetter("dead");
        deadLetter("retried");
        replay("retried", 3);

        assertThat(rows.isAllSeenOnce()).isTrue();
    }

    @Test
    void matchesRowsOfTheSameIdByTheirContent() {
        row("same", 1);
        row("same", 2);
        event("same", 2);

        assertThat(seen("same", 1)).isEqualTo(Seen.NEVER);
        assertThat(seen("same", 2)).isEqualTo(Seen.ONCE);
    }

    @Test
    void ignoresEventsOfOtherRowsAndRefusesMoreThanItHasRoomFor() {
        event("unknown", 1);

        assertThat(rows.isAllSeenOnce()).isTrue();
        assertThatThrownBy(() -> {
                    for (int n = 0; n < 10_000; n++) {
                        row("id-" + n, n);
                    }
                })
                .isInstanceOf(IllegalStateException.class);
    }
}
