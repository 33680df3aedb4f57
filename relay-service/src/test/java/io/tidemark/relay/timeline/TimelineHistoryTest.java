// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimelineHistoryTest {

    @Test
    void readsWhatPostgresWrites() {
        TimelineHistory history = TimelineHistory.parse(
                3, "1\t0/3000060\tno recovery target specified\n\n2\tA/B374D848\tbefore 2026-01-02 03:04:05+00\n");

        assertThat(history.timeline()).isEqualTo(3);
        assertThat(history.sharedUpTo(1)).contains(Lsn.parse("0/3000060"));
        assertThat(history.sharedUpTo(2)).contains(Lsn.parse("A/B374D848"));
    }

    @Test
    void passesOverCommentsAndEmptyLines() {
        TimelineHistory history = TimelineHistory.parse(2, "# restored\n\n  \n1\t0/3000060\n");

        assertThat(history.sharedUpTo(1)).contains(Lsn.parse("0/3000060"));
    }

    @Test
    void hasNoAncestorsOfAFirstTimelineNorOfOthers() {
        TimelineHistory first = TimelineHistory.none(1);
        TimelineHistory third = TimelineHistory.parse(3, "1\t0/3000060\tx\n");

        assertThat(first.sharedUpTo(1)).isEmpty();
        assertThat(third.sharedUpTo(2)).isEmpty();
        assertThat(third.sharedUpTo(3)).isEmpty();
        assertThat(third.sharedUpTo(4)).isEmpty();
    }

    /** Recovery to a target before the start of timeline 2 writes such a file. */
    @Test
    void sharesOfAnAncestorOnlyWhatEveryLaterOneKept() {
        TimelineHistory history = TimelineHistory.parse(3, "1\t0/5000000\tx\n2\t0/4000000\ttarget\n");

        assertThat(history.sharedUpTo(1)).contains(Lsn.parse("0/4000000"));
        assertThat(history.sharedUpTo(2)).contains(Lsn.parse("0/4000000"));
    }

    @Test
    void comparesSwitchesUnsigned() {
        TimelineHistory history = TimelineHistory.parse(3, "1\tFFFFFFFF/0\tx\n2\t0/1\tx\n");

        assertThat(history.sharedUpTo(1)).contains(Lsn.parse("0/1"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "# nothing",
                "1",
                "1 0-3000060",
                "1\t0/3000060x\treason",
                "0\t0/3000060\tx",
                "-1\t0/3000060\tx",
                "9\t0/3000060\tx",
                "3\t0/3000060\tx",
                "4\t0/3000060\tx",
                "99999999999\t0/3000060\tx",
                "9999999999\t0/3000060\tx",
                "2\t0/3000060\tx\n1\t0/4000060\tx",
                "1\t0/3000060\tx\n1\t0/4000060\tx",
                "one\t0/3000060\tx"
            })
    void refusesWhatPostgresDoesNotWrite(String file) {
        assertThatThrownBy(() -> TimelineHistory.parse(3, file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("timeline 3");
    }
}
