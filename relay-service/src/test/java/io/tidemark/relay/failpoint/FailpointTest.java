// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.failpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FailpointTest {

    @AfterEach
    void disarm() {
        Failpoint.arm("");
    }

    @Test
    void nothingIsArmedByDefault() {
        assertThat(Failpoint.anyArmed()).isFalse();
        for (Failpoint failpoint : Failpoint.values()) {
            assertThatCode(failpoint::reach).doesNotThrowAnyException();
        }
    }

    @Test
    void actsOnceAtTheGivenTurn() {
        Failpoint.arm("before-commit=fail@2, mid-send=pause:1");

        Failpoint.BEFORE_COMMIT.reach();
        Failpoint.MID_SEND.reach();
        assertThatThrownBy(Failpoint.BEFORE_COMMIT::reach)
                .isInstanceOf(FailpointReached.class)
                .hasMessage("failpoint before-commit");
        Failpoint.BEFORE_COMMIT.reach();
    }

    @Test
    void rejectsUnknownNamesAndActions() {
        assertThatThrownBy(() -> Failpoint.arm("after-lunch=crash"))
                .hasMessageContaining("no failpoint 'after-lunch'; known failpoints: [after-lock, after-init,");
        assertThatThrownBy(() -> Failpoint.arm("after-lock")).hasMessageContaining("is not NAME=crash|fail|pause|hold");
    }
}
