// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.position;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.position.Adoptions.LeftOut;
import org.junit.jupiter.api.Test;

class AdoptionsTest {

    @Test
    void leavesOutNothingWhenTheSourceContinuesAtOrBelowPublished() {
        assertThat(Adoptions.NONE.leavingOut(lsn(10), lsn(10)).leftOut()).isEmpty();
        assertThat(Adoptions.NONE.leavingOut(lsn(10), lsn(5)).leftOut()).isEmpty();
        assertThat(Adoptions.NONE.leavingOut(lsn(10), lsn(5)).count()).isEqualTo(1);
    }

    @Test
    void dropsThePartOfARangeThatIsPublishedAfterAll() {
        Adoptions adoptions = Adoptions.NONE.leavingOut(lsn(10), lsn(20)).leavingOut(lsn(30), lsn(40));

        Adoptions back = adoptions.leavingOut(lsn(50), lsn(15));

        assertThat(back.leftOut()).containsExactly(new LeftOut(lsn(10), lsn(15)));
        assertThat(back.count()).isEqualTo(3);
    }

    @Test
    void keepsSkippedEventsWhenTheSourceContinuesBeforeThem() {
        LeftOut neverCame = new LeftOut(lsn(10), lsn(20), true);
        Adoptions adoptions = Adoptions.NONE.leavingOut(lsn(12), lsn(14)).doubting(lsn(10), lsn(20));

        Adoptions back = adoptions.leavingOut(lsn(12), lsn(11));

        assertThat(back.leftOut()).containsExactly(neverCame);
        assertThat(back.count()).isEqualTo(2);
    }

    @Test
    void mergesTheOldestSoThatNoneIsForgotten() {
        Adoptions adoptions = Adoptions.NONE;
        for (int i = 1; i <= Adoptions.MAX_RANGES + 1; i++) {
            adoptions = adoptions.leavingOut(lsn(100L * i), lsn(100L * i + 10));
        }

        assertThat(adoptions.leftOut()).hasSize(Adoptions.MAX_RANGES);
        assertThat(adoptions.rangeOf(lsn(105))).contains(new LeftOut(lsn(100), lsn(210)));
        assertThat(adoptions.rangeOf(lsn(205))).contains(new LeftOut(lsn(100), lsn(210)));
        assertThat(adoptions.rangeOf(lsn(305))).contains(new LeftOut(lsn(300), lsn(310)));
        assertThat(adoptions.rangeOf(lsn(295))).isEmpty();
    }

    private static Lsn lsn(long value) {
        return new Lsn(value);
    }
}
