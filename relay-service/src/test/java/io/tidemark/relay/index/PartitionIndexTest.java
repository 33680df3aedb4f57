// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import org.junit.jupiter.api.Test;

class PartitionIndexTest {

    private static final Lsn PUBLISHED = new Lsn(1_000_000);

    private final PartitionIndex index = new PartitionIndex();

    @Test
    void needsTheEndOfTheLastPairThatBeginsAtOrBelow() {
        added(10, 1);
        added(20, 5);

        assertThat(need(9)).isZero();
        assertThat(need(10)).isEqualTo(1);
        assertThat(need(19)).isEqualTo(1);
        assertThat(need(20)).isEqualTo(5);
        assertThat(need(1000)).isEqualTo(5);
    }

    @Test
    void isConsumedUpToJustBelowTheFirstPairThatEndsAboveTheCommittedOffset() {
        added(10, 1);
        added(20, 5);

        assertThat(consumed(0)).isEqualTo(new Lsn(9));
        assertThat(consumed(1)).isEqualTo(new Lsn(19));
        assertThat(consumed(4)).isEqualTo(new Lsn(19));
        assertThat(consumed(5)).isEqualTo(PUBLISHED);
        assertThat(consumed(6)).isEqualTo(PUBLISHED);
    }

    @Test
    void keepsOnePairForTheTransactionsWithTheSameFirstLsn() {
        added(10, 1);
        added(20, 5);
        added(20, 7);
        added(20, 9);

        assertThat(need(10)).isEqualTo(1);
        assertThat(need(20)).isEqualTo(9);
        assertThat(consumed(7)).isEqualTo(new Lsn(19));
    }

    @Test
    void swallowsPairsThatBeginAboveANewOne() {
        added(10, 1);
        added(20, 5);
        added(30, 7);
        added(15, 9);

        assertThat(need(14)).isEqualTo(1);
        assertThat(need(15)).isEqualTo(9);
        assertThat(consumed(7)).isEqualTo(new Lsn(14));
    }

    @Test
    void ignoresAPairThatEndsNoLater() {
        added(10, 5);
        added(20, 5);
        added(5, 4);

        assertThat(need(9)).isZero();
        assertThat(need(25)).isEqualTo(5);
    }

    @Test
    void isConsumedUpToNothingWhenItDoesNotKnowWhereItBegins() {
        added(0, 5);

        assertThat(need(0)).isEqualTo(5);
        assertThat(consumed(4)).isEqualTo(Lsn.ZERO);
    }

    @Test
    void mergesItsTwoOldestWhenThereAreTooManyOfALevel() {
        int full = PartitionIndex.PAIRS_A_LEVEL;
        for (int i = 1; i <= full + 1; i++) {
            added(10L * i, i);
        }

        assertThat(need(10)).as("merged pairs ask for the later end").isEqualTo(2);
        assertThat(consumed(1)).as("and begin at the earlier LSN").isEqualTo(new Lsn(9));
        for (int i = 2; i <= full + 1; i++) {
            assertThat(need(10L * i)).as("pair %d", i).isEqualTo(i);
        }
    }

    /**
     * A group that is always somewhat behind must not wait forever: the needed offset is wrong by at most a small part
     * of its age.
     */
    @Test
    void forgetsSlowlyHoweverManyAreAdded() {
        int count = 200_000;
        for (int i = 1; i <= count; i++) {
            added(10L * i, i);
        }

        for (int i = 1; i <= count; i++) {
            long age = count - (long) i;
            assertThat(need(10L * i)).isBetween((long) i, i + age / (PartitionIndex.PAIRS_A_LEVEL / 4) + 1);
        }
        assertThat(index.size()).isLessThan(20 * PartitionIndex.PAIRS_A_LEVEL);
    }

    private void added(long firstLsn, long endOffset) {
        index.add(new Lsn(firstLsn), endOffset);
    }

    private long need(long lsn) {
        return index.need(new Lsn(lsn));
    }

    private Lsn consumed(long committed) {
        return index.consumedUpTo(committed, PUBLISHED);
    }
}
