package io.tidemark.relay.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.relay.source.StandbySession.State;
import io.tidemark.relay.source.TimelineHistory;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ReplicaWaiterTest {

    private static final String SOURCE = "7f3a9c21";
    private static final TimelineHistory FAILED_OVER = new TimelineHistory(3, Map.of(2, new Lsn(500)));

    private static Optional<ReplicaAnswer> judge(int timeline, long lsn, State state, TimelineHistory history) {
        return new ReplicaWaiter(Token.of(SOURCE, timeline, new Lsn(lsn)), 60_000).judge(SOURCE, state, history);
    }

    private static State at(int timeline, long replayed) {
        return new State(true, new Lsn(replayed), timeline);
    }

    @Test
    void succeedsOnceTheStandbyHasReplayedTheTokensLsn() {
        TimelineHistory first = TimelineHistory.none(1);

        assertThat(judge(1, 100, at(1, 99), first)).isEmpty();
        assertThat(judge(1, 100, at(1, 100), first)).get().isInstanceOf(ReplicaAnswer.Success.class);
    }

    @Test
    void aTokenOfAnEarlierTimelineCountsUpToWhereThatWasLeft() {
        assertThat(judge(2, 500, at(3, 600), FAILED_OVER)).get().isInstanceOf(ReplicaAnswer.Success.class);
        assertThat(judge(2, 500, at(3, 400), FAILED_OVER)).isEmpty();
        assertThat(judge(2, 501, at(3, 600), FAILED_OVER)).get().isInstanceOf(ReplicaAnswer.Diverged.class);
        assertThat(judge(1, 100, at(3, 600), FAILED_OVER)).get().isInstanceOf(ReplicaAnswer.Expired.class);
    }

    @Test
    void aStandbyThatHasYetToFollowIsWaitedForHoweverFarItIs() {
        assertThat(judge(3, 100, at(2, 400), new TimelineHistory(2, Map.of(1, new Lsn(50)))))
                .isEmpty();
        Optional<ReplicaAnswer> over = new ReplicaWaiter(Token.of(SOURCE, 3, new Lsn(100)), 0)
                .judge(SOURCE, at(2, 400), new TimelineHistory(2, Map.of(1, new Lsn(50))));

        assertThat(over).get().isInstanceOf(ReplicaAnswer.Behind.class);
    }

    @Test
    void everyPartOfAJoinedTokenCounts() {
        Token joined = Token.parse("tm1." + SOURCE + ".1.0000000000000064~tm1.ffffffff.1.0000000000000001");

        Optional<ReplicaAnswer> answer =
                new ReplicaWaiter(joined, 60_000).judge(SOURCE, at(1, 200), TimelineHistory.none(1));

        assertThat(answer).get().isInstanceOf(ReplicaAnswer.Foreign.class);
    }

    @Test
    void nothingIsSaidOfAServerThatWasPromoted() {
        State promoted = new State(false, new Lsn(900), 2);

        assertThat(judge(1, 100, promoted, TimelineHistory.none(1))).get().isInstanceOf(ReplicaAnswer.Unknown.class);
    }
}
