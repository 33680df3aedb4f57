// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.group;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class GroupHistoryTest {

    private static final Duration STALLED_AFTER = Duration.ofMinutes(1);

    private final GroupHistory history = new GroupHistory(STALLED_AFTER);
    private long[] need = {0, 0};
    private boolean assignsItself;
    private long now = -5; // nanoTime may be negative, and crosses zero

    private void after(Duration time, int members, long... committed) {
        now += time.toNanos();
        history.seeMembers(members, assignsItself, now);
        Map<TopicPartition, Long> offsets = new HashMap<>();
        List<PartitionNeed> behind = new ArrayList<>();
        for (int partition = 0; partition < committed.length; partition++) {
            if (committed[partition] > 0) {
                offsets.put(new TopicPartition("orders", partition), committed[partition]);
            }
            if (committed[partition] < need[partition]) {
                behind.add(new PartitionNeed("orders", partition, need[partition], committed[partition]));
            }
        }
        history.see(offsets, behind, now);
    }

    private void needed(long... offsets) {
        need = Arrays.copyOf(offsets, offsets.length);
    }

    private static List<PartitionNeed> behind(int partition) {
        return List.of(new PartitionNeed("orders", partition, 1, 0));
    }

    @Test
    void isUnknownBeforeAnythingWasSeen() {
        assertThat(history.state()).isEqualTo(GroupState.UNKNOWN);
    }

    @Test
    void aGroupWithNothingToDoIsNeverStoppedNorStalled() {
        after(Duration.ZERO, 0, 0, 0);
        after(Duration.ofHours(5), 0, 0, 0);

        assertThat(history.state()).isEqualTo(GroupState.RUNNING);
    }

    @Test
    void isStalledWhenAPartitionMakesNoProgressAndOnlyForTokensThatNeedIt() {
        needed(5, 5);
        after(Duration.ZERO, 1, 2, 2);
        after(Duration.ofSeconds(59), 1, 2, 3);
        assertThat(history.state()).isEqualTo(GroupState.RUNNING);

        after(Duration.ofSeconds(1), 1, 2, 4);

        assertThat(history.state()).isEqualTo(GroupState.STALLED);
        assertThat(history.makesNoProgress(behind(0))).isTrue();
        assertThat(history.makesNoProgress(behind(1))).isFalse();
    }

    @Test
    void aGroupThatReportsRebuildingIsRebuildingWhileItIsBehind() {
        needed(5, 5);
        history.seeRebuilding(true);
        after(Duration.ZERO, 1, 2, 0);
        assertThat(history.state()).isEqualTo(GroupState.REBUILDING);
        assertThat(history.makesNoProgress(behind(0))).isTrue();

        after(Duration.ofSeconds(1), 1, 5, 5);
        assertThat(history.state()).isEqualTo(GroupState.RUNNING);

        needed(6, 5);
        history.seeRebuilding(false);
        after(Duration.ofSeconds(1), 1, 5, 5);
        assertThat(history.state()).isEqualTo(GroupState.RUNNING);
    }

    @Test
    void isLaggingWhenItMovesButDoesNotCatchUp() {
        for (int second = 0; second <= 60; second += 10) {
            needed(100 + second, 0);
            after(Duration.ofSeconds(10), 1, 1 + second, 0);
        }

        assertThat(history.state()).isEqualTo(GroupState.LAGGING);
        assertThat(history.makesNoProgress(behind(0))).isFalse();
    }

    @Test
    void timeWithoutABacklogIsNotTimeWithoutMovement() {
        after(Duration.ZERO, 1, 0, 0);
        after(Duration.ofHours(1), 1, 0, 0);
        needed(1, 0);

        after(Duration.ofSeconds(1), 1, 0, 0);

        assertThat(history.state()).isEqualTo(GroupState.RUNNING);
    }

    @Test
    void isStoppedOnceItHasHadNoMembersForAWhile() {
        needed(1, 0);
        after(Duration.ZERO, 0, 0, 0);
        after(GroupHistory.STOPPED_AFTER.minusMillis(1), 0, 0, 0);
        assertThat(history.state()).isEqualTo(GroupState.RUNNING);

        after(Duration.ofMillis(1), 0, 0, 0);
        assertThat(history.state()).isEqualTo(GroupState.STOPPED);
        assertThat(history.makesNoProgress(behind(0))).isTrue();

        after(Duration.ofSeconds(1), 1, 0, 0);
        assertThat(history.state()).isEqualTo(GroupState.RUNNING);
    }

    /** Consumers that assign partitions themselves commit without being members. */
    @Test
    void isNotStoppedWhileSomebodyCommitsForIt() {
        for (int second = 0; second < 30; second++) {
            needed(100, 0);
            after(Duration.ofSeconds(1), 0, 1 + second, 0);
        }

        assertThat(history.state()).isEqualTo(GroupState.RUNNING);
    }

    /**
     * Also not if the group had nothing to consume for long, and its first event in a while has just been published.
     */
    @Test
    void aGroupWithoutMembersIsGivenTimeFromTheMomentItIsBehind() {
        needed(5, 0);
        after(Duration.ZERO, 0, 5, 0);
        after(Duration.ofHours(1), 0, 5, 0);
        needed(6, 0);

        after(Duration.ofMillis(5), 0, 5, 0);

        assertThat(history.state()).isEqualTo(GroupState.RUNNING);
    }

    @Test
    void isRebuildingFromGoingBackUntilItIsWhereItWas() {
        needed(10, 10);
        after(Duration.ZERO, 1, 10, 10);
        after(Duration.ofSeconds(1), 1, 3, 10);
        assertThat(history.state()).isEqualTo(GroupState.REBUILDING);
        assertThat(history.makesNoProgress(behind(0))).isTrue();

        needed(12, 10);
        after(Duration.ofSeconds(1), 1, 9, 10);
        assertThat(history.state()).isEqualTo(GroupState.REBUILDING);

        after(Duration.ofSeconds(1), 1, 10, 10);
        assertThat(history.state()).isEqualTo(GroupState.RUNNING);
    }

    @Test
    void aGroupWhoseOffsetsAreDeletedHasGoneBack() {
        needed(10, 0);
        after(Duration.ZERO, 1, 10, 0);

        after(Duration.ofSeconds(1), 1, 0, 0);

        assertThat(history.state()).isEqualTo(GroupState.REBUILDING);
    }

    /**
     * FINDINGS D3: one client commits an offset past the transaction markers, another the offset after its last record.
     */
    @Test
    void aGroupThatRestsBelowItsOldOffsetsButHasWhatIsNeededHasNotGoneBack() {
        needed(69, 45);
        after(Duration.ZERO, 1, 70, 46);
        after(Duration.ofSeconds(1), 1, 3, 4);
        assertThat(history.state()).isEqualTo(GroupState.REBUILDING);
        after(Duration.ofSeconds(1), 1, 69, 45);
        assertThat(history.state()).isEqualTo(GroupState.RUNNING);

        needed(71, 45);
        after(Duration.ofSeconds(1), 1, 69, 45);

        assertThat(history.state()).isEqualTo(GroupState.RUNNING);
        after(Duration.ofSeconds(1), 1, 69, 44);
        assertThat(history.state()).as("and now it has").isEqualTo(GroupState.REBUILDING);
    }

    /** FINDINGS D12: for example, it commits every 20 seconds. */
    @Test
    void aGroupThatHasNeverHadMembersIsStoppedOnlyWhenItHasNotMovedForLong() {
        assignsItself = true;
        needed(5, 0);
        after(Duration.ZERO, 0, 1, 0);

        after(STALLED_AFTER.minusMillis(1), 0, 1, 0);
        assertThat(history.state()).isEqualTo(GroupState.RUNNING);

        after(Duration.ofMillis(1), 0, 1, 0);
        assertThat(history.state()).isEqualTo(GroupState.STOPPED);
    }

    @Test
    void aGroupThatWasSeenToMoveWithoutMembersIsGivenAsLong() {
        needed(5, 0);
        after(Duration.ZERO, 0, 1, 0);
        after(Duration.ofSeconds(9), 0, 2, 0);

        after(Duration.ofSeconds(40), 0, 2, 0);

        assertThat(history.state()).isEqualTo(GroupState.RUNNING);
        after(Duration.ofSeconds(1), 1, 2, 0);
        after(Duration.ofSeconds(1), 0, 2, 0);
        after(GroupHistory.STOPPED_AFTER, 0, 2, 0);
        assertThat(history.state()).as("it has had members since").isEqualTo(GroupState.STOPPED);
    }
}
