// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.relay.replica.StandbySession.State;
import io.tidemark.relay.source.Nudge;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.timeline.TimelineHistory;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ReplicaWaiterTest {

    private static final String SOURCE = "7f3a9c21";
    private static final TimelineHistory FAILED_OVER = new TimelineHistory(3, Map.of(2, new Lsn(500)));

    private final AtomicLong nanos = new AtomicLong();

    private ReplicaWaiter waiter(Token token, long waitMillis) {
        return new ReplicaWaiter(token, waitMillis, nanos::get);
    }

    private ReplicaWaiter waiter(int timeline, long lsn, long waitMillis) {
        return waiter(Token.of(SOURCE, timeline, new Lsn(lsn)), waitMillis);
    }

    private Optional<ReplicaAnswer> judge(int timeline, long lsn, State state, TimelineHistory history) {
        return waiter(timeline, lsn, 60_000).judge(SOURCE, state, history);
    }

    private void passes(long millis) {
        nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    private static Nudge nudge(int timeline, long lsn) {
        return new Nudge(new Lsn(lsn), new SourceIdentity(SOURCE, "71", "shop", timeline));
    }

    private static State at(int timeline, long replayed) {
        return new State(true, new Lsn(replayed), timeline);
    }

    @Test
    void succeedsOnceTheStandbyHasReplayedTheLsnOfTheToken() {
        TimelineHistory first = TimelineHistory.none(1);

        assertThat(judge(1, 100, at(1, 99), first)).isEmpty();
        assertThat(judge(1, 100, at(1, 100), first)).get().isInstanceOf(ReplicaAnswer.Success.class);
    }

    @Test
    void acceptsTokensOfAnEarlierTimelineUpToWhereItWasLeft() {
        assertThat(judge(2, 500, at(3, 600), FAILED_OVER)).get().isInstanceOf(ReplicaAnswer.Success.class);
        assertThat(judge(2, 500, at(3, 400), FAILED_OVER)).isEmpty();
        assertThat(judge(2, 501, at(3, 600), FAILED_OVER))
                .get()
                .extracting(ReplicaAnswer::status)
                .isEqualTo(WatermarkStatus.DIVERGED);
        assertThat(judge(1, 100, at(3, 600), FAILED_OVER))
                .get()
                .extracting(ReplicaAnswer::status)
                .isEqualTo(WatermarkStatus.EXPIRED);
    }

    @Test
    void waitsForAStandbyThatHasNotFollowedTheFailoverAtAnyLsn() {
        assertThat(judge(3, 100, at(2, 400), new TimelineHistory(2, Map.of(1, new Lsn(50)))))
                .isEmpty();
        ReplicaWaiter over = waiter(3, 100, 10);
        passes(10);

        assertThat(over.judge(SOURCE, at(2, 400), new TimelineHistory(2, Map.of(1, new Lsn(50)))))
                .get()
                .isInstanceOf(ReplicaAnswer.Behind.class);
    }

    @Test
    void keepsAQuestionWithoutWaitUntilItsNudgeShowsWhetherItIsAhead() {
        ReplicaWaiter there = waiter(1, 100, 0);
        ReplicaWaiter ahead = waiter(1, 101, 0);
        assertThat(there.isToBeNudgedFor()).isTrue();
        assertThat(there.isToBeNudgedFor()).isFalse();
        assertThat(there.judge(SOURCE, at(1, 90), TimelineHistory.none(1))).isEmpty();

        there.seeNudge(nudge(1, 100));
        ahead.seeNudge(nudge(1, 100));

        assertThat(there.answer).isNotDone();
        assertThat(there.judge(SOURCE, at(1, 90), TimelineHistory.none(1)))
                .get()
                .isInstanceOf(ReplicaAnswer.Behind.class);
        assertThat(ahead.answer.getNow(null)).extracting(ReplicaAnswer::status).isEqualTo(WatermarkStatus.AHEAD);
    }

    @Test
    void answersAQuestionWithoutWaitWhenTheDatabaseIsUnreachable() {
        ReplicaWaiter waiter = waiter(1, 100, 0);
        passes(ReplicaWaiter.AHEAD_MILLIS);

        assertThat(waiter.judge(SOURCE, at(1, 90), TimelineHistory.none(1)))
                .get()
                .isInstanceOf(ReplicaAnswer.Behind.class);
    }

    @Test
    void asksForANudgeOnlyAfterADelay() {
        ReplicaWaiter waiter = waiter(1, 100, 60_000);
        assertThat(waiter.isToBeNudgedFor()).isFalse();

        passes(ReplicaWaiter.NUDGE_AFTER_MILLIS);

        assertThat(waiter.isToBeNudgedFor()).isTrue();
    }

    /** During a failover, the nudge may go to one server while the token is from the other. */
    @Test
    void ignoresNudgesOfAnotherTimelineOrSource() {
        ReplicaWaiter younger = waiter(2, 101, 60_000);
        ReplicaWaiter older = waiter(1, 101, 60_000);

        younger.seeNudge(nudge(1, 100));
        older.seeNudge(nudge(2, 100));

        assertThat(younger.answer).isNotDone();
        assertThat(older.answer).isNotDone();
    }

    @Test
    void checksEveryPartOfAJoinedToken() {
        Token joined = Token.parse("tm1." + SOURCE + ".1.0000000000000064~tm1.ffffffff.1.0000000000000001");

        Optional<ReplicaAnswer> answer = waiter(joined, 60_000).judge(SOURCE, at(1, 200), TimelineHistory.none(1));

        assertThat(answer).get().extracting(ReplicaAnswer::status).isEqualTo(WatermarkStatus.FOREIGN);
    }

    @Test
    void returnsUnknownForAServerThatWasPromoted() {
        State promoted = new State(false, new Lsn(900), 2);

        assertThat(judge(1, 100, promoted, TimelineHistory.none(1)))
                .get()
                .extracting(ReplicaAnswer::status)
                .isEqualTo(WatermarkStatus.UNKNOWN);
    }
}
