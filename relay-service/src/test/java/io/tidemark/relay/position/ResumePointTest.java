// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.position;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import org.junit.jupiter.api.Test;

class ResumePointTest {

    private static final Lsn BELOW = Lsn.parse("0/FFFFFFFF");
    private static final Lsn AT = Lsn.parse("1/0");
    private static final Lsn ABOVE = Lsn.parse("1/1");

    @Test
    void holdsWholeTransactionsUpToItsLsn() {
        ResumePoint whole = ResumePoint.after(AT);

        assertThat(whole.isPartial()).isFalse();
        assertThat(whole.complete()).isEqualTo(AT);
        assertThat(whole.alreadyPublished(BELOW, 5)).isEqualTo(5);
        assertThat(whole.alreadyPublished(AT, 5)).isEqualTo(5);
        assertThat(whole.alreadyPublished(ABOVE, 5)).isZero();
    }

    @Test
    void holdsTheFirstEventsOfAPartialTransactionAndTheLastWholeOne() {
        ResumePoint partial = ResumePoint.inside(AT, 0, BELOW);

        assertThat(partial.isPartial()).isTrue();
        assertThat(partial.complete()).isEqualTo(BELOW);
        assertThat(partial.alreadyPublished(BELOW, 5)).isEqualTo(5);
        assertThat(partial.alreadyPublished(AT, 5)).isEqualTo(1);
        assertThat(partial.alreadyPublished(ABOVE, 5)).isZero();
    }

    @Test
    void refusesAnOrdinalThatNoEventHas() {
        assertThatThrownBy(() -> ResumePoint.inside(AT, -1, BELOW)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ResumePoint(AT, -2, BELOW, false)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesAWholeLsnThatCannotBe() {
        assertThatThrownBy(() -> ResumePoint.inside(AT, 0, ABOVE)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ResumePoint(AT, -1, BELOW, false)).isInstanceOf(IllegalArgumentException.class);
    }
}
