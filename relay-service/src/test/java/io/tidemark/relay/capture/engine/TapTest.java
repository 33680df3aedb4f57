// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.capture.ChangeRing;
import io.tidemark.relay.config.OutboxConfig;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

class TapTest {

    private static final Lsn START = Lsn.parse("0/100");

    private final Tap tap = new Tap(new ChangeRing(10, 1000), OutboxConfig.DEFAULT, START, Lsn.ZERO);

    @Test
    void refusesAStreamThatStartsElsewhereThanTheSlotStood() {
        assertThatThrownBy(() -> tap.started(Lsn.parse("0/200")))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("starts at 0/200, but stood at 0/100");
        assertThat(tap.startedLatch().getCount()).isEqualTo(1);
    }

    /** A second stream would repeat what the first one has delivered. */
    @Test
    void refusesASecondStreamOfOneEngine() throws Exception {
        tap.started(START);

        assertThatThrownBy(() -> tap.started(START))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("has opened its stream again");
    }
}
