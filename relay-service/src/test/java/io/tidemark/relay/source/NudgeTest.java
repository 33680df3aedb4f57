// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import org.junit.jupiter.api.Test;

class NudgeTest {

    private static final SourceIdentity SERVER = new SourceIdentity("7f3a9c21", "71", "shop", 2);
    private static final Nudge NUDGE = new Nudge(new Lsn(500), SERVER);

    @Test
    void nothingWasWrittenBeyondTheEnd() {
        assertThat(NUDGE.isShortOf(new Lsn(501), SERVER)).isTrue();
        assertThat(NUDGE.isShortOf(new Lsn(500), SERVER)).isFalse();
    }

    /** During a failover, the nudge may go to one server while the token is from the other. */
    @Test
    void provesNothingOfAnotherTimelineOrServer() {
        SourceIdentity before = new SourceIdentity("7f3a9c21", "71", "shop", 1);
        SourceIdentity copy = new SourceIdentity("7f3a9c21", "72", "shop", 2);

        assertThat(NUDGE.isShortOf(new Lsn(501), before)).isFalse();
        assertThat(NUDGE.isShortOf(new Lsn(501), copy)).isFalse();
    }
}
