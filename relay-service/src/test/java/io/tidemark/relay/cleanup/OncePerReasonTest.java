// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;

class OncePerReasonTest {

    private final OncePerReason notices = new OncePerReason();

    @Test
    void reportsAReasonOnceForEachWork() {
        assertThat(notices.postponed("drop a", "behind")).isTrue();
        assertThat(notices.postponed("drop a", "behind")).isFalse();
        assertThat(notices.postponed("drop b", "behind")).isTrue();
    }

    @Test
    void reportsAnotherReasonAndTheSameOneAgainAfterSuccess() {
        notices.postponed("drop a", "behind");

        assertThat(notices.postponed("drop a", "locked")).isTrue();
        notices.done("drop a");
        assertThat(notices.postponed("drop a", "locked")).isTrue();
    }

    @Test
    void takesTheSameErrorAtAnotherPlaceForTheSame() {
        notices.postponed("make", new SQLException("ERROR: no\n  Where: line 1"));

        assertThat(notices.postponed("make", new SQLException("ERROR: no\n  Where: line 2")))
                .isFalse();
    }
}
