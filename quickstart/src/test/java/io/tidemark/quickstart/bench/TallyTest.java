// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.quickstart.bench.Tally.Counts;
import org.junit.jupiter.api.Test;

class TallyTest {

    private final Tally tally = new Tally();

    @Test
    void isCleanWhenEachIsReadOnceAndInOrder() {
        tally.committed(0, 3);
        tally.committed(3);

        tally.read(0, "a");
        tally.read(2, "b"); // another aggregate, in another partition
        tally.read(1, "a");
        tally.read(3, "b");

        assertThat(tally.counts()).isEqualTo(new Counts(4, 0, 0, 0));
        assertThat(tally.counts().isClean()).isTrue();
    }

    @Test
    void countsMissingEvents() {
        tally.committed(0, 3);

        tally.read(1, "a");

        assertThat(tally.counts()).isEqualTo(new Counts(3, 2, 0, 0));
        assertThat(tally.counts().isClean()).isFalse();
    }

    @Test
    void countsEventsThatWereReadTwiceOrNotCommitted() {
        tally.committed(0, 2);

        assertThat(tally.read(0, "a")).isTrue();
        assertThat(tally.read(1, "b")).isTrue();
        assertThat(tally.read(0, "a")).isFalse();
        assertThat(tally.read(2, "b")).isTrue();

        assertThat(tally.counts()).isEqualTo(new Counts(2, 0, 2, 0));
        assertThat(tally.counts().isClean()).isFalse();
    }

    @Test
    void countsEventsReadAfterALaterOneOfTheirAggregate() {
        tally.committed(0, 3);

        tally.read(0, "a");
        tally.read(2, "a");
        tally.read(1, "a");

        assertThat(tally.counts()).isEqualTo(new Counts(3, 0, 0, 1));
        assertThat(tally.counts().isClean()).isFalse();
    }

    @Test
    void acceptsAnEventThatIsReadBeforeItsCommitIsSeen() {
        tally.read(0, "a");
        tally.committed(0);

        assertThat(tally.counts().isClean()).isTrue();
    }
}
