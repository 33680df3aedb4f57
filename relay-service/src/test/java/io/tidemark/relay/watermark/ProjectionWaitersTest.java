// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import static org.assertj.core.api.Assertions.assertThat;

import io.dropwizard.util.Duration;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.config.RouteConfig;
import io.tidemark.relay.declared.Grounds;
import io.tidemark.relay.declared.GroupReading;
import io.tidemark.relay.declared.GroupReading.Kind;
import io.tidemark.relay.declared.WritableTopics;
import io.tidemark.relay.group.Committed;
import io.tidemark.relay.group.GroupState;
import io.tidemark.relay.group.LogBounds;
import io.tidemark.relay.group.PartitionNeed;
import io.tidemark.relay.index.IndexEntry;
import io.tidemark.relay.index.IndexSteps;
import io.tidemark.relay.index.PublishedIndex;
import io.tidemark.relay.position.Adoptions;
import io.tidemark.relay.position.ResumePoint;
import io.tidemark.relay.source.SourceIdentity;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ProjectionWaitersTest {

    private static final ProjectionConfig VIEW = new ProjectionConfig("view", "group", List.of("orders"), null);
    private static final ProjectionConfig IMPATIENT =
            new ProjectionConfig("view", "group", List.of("orders"), Duration.seconds(1));
    private static final TopicPartition FIRST = new TopicPartition("orders", 0);
    private static final TopicPartition SECOND = new TopicPartition("orders", 1);

    private final PublishedIndex index = IndexSteps.empty();
    private final ProjectionWaiters waiters = new ProjectionWaiters(VIEW, index, grounds(VIEW, index));

    static Grounds grounds(ProjectionConfig projection, PublishedIndex index) {
        RouteConfig any = new RouteConfig(RouteConfig.ANY, RouteConfig.PLACEHOLDER, null, null);
        return new Grounds(projection, List.of(projection), new WritableTopics(List.of(any)), index::topicsWritten);
    }

    private static GroupReading reads(String... topics) {
        return new GroupReading(Kind.SUBSCRIBING, 1, true, Set.of(topics), Map.of());
    }

    @BeforeEach
    void sample() {
        waiters.seeGroup(reads("orders"), System.nanoTime());
    }

    /** G7: a group that reads nothing needs nothing, but that must not give a success. */
    @Test
    void returnsUnknownForATokenThatOnlyAnUnknownGroupHasConsumed() {
        waiters.seeGroup(new GroupReading(Kind.ABSENT, 0, false, Set.of(), Map.of()), System.nanoTime());
        IndexSteps.advance(index, Map.of(), Lsn.parse("0/10"));
        Waiter waiter = parked("0/10");

        read(Map.of());

        assertThat(waiter.answer).as("it may have come since it was looked at").isNotDone();
        assertThat(waiters.needsSample()).isTrue();
        waiters.seeGroup(new GroupReading(Kind.ABSENT, 0, false, Set.of(), Map.of()), System.nanoTime());
        read(Map.of());
        assertUnknown(waiter, "Kafka does not know group group");
        assertThat(waiters.needsSample()).isFalse();
    }

    @Test
    void succeedsWhenTheGroupHasComeSinceItWasLookedAt() {
        waiters.seeGroup(new GroupReading(Kind.ABSENT, 0, false, Set.of(), Map.of()), System.nanoTime());
        IndexSteps.advance(index, Map.of(), Lsn.parse("0/10"));
        Waiter waiter = parked("0/10");
        read(Map.of());

        waiters.seeGroup(reads("orders"), System.nanoTime());
        read(Map.of());

        assertThat(waiter.answer.getNow(null)).isInstanceOf(Answer.Success.class);
    }

    @Test
    void answersNothingBeforeTheGroupWasLookedAt() {
        ProjectionWaiters fresh = new ProjectionWaiters(VIEW, index, grounds(VIEW, index));
        IndexSteps.advance(index, Map.of(), Lsn.parse("0/10"));
        Waiter waiter = new Waiter(Lsn.parse("0/10"));
        fresh.park(waiter);

        fresh.accept(Committed.NOTHING, System.nanoTime());

        assertThat(waiter.answer).isNotDone();
        assertThat(fresh.hasEvidenceFor(waiter)).isFalse();
        assertThat(fresh.answerNow(waiter)).isInstanceOf(Answer.Unavailable.class);
    }

    @Test
    void refusesWaitersOnceTheGroupReadsAnUndeclaredTopic() {
        published(FIRST, "0/10", 1);
        published(new TopicPartition("invoices", 0), "0/20", 1);
        Waiter waiter = parked("0/20");

        waiters.seeGroup(reads("orders", "invoices"), System.nanoTime());

        assertUnknown(waiter, "group group also reads invoices, which projection view does not declare");
        assertThat(waiters.refusal()).isPresent();
    }

    /** C14: the group may have gone back in between. */
    @Test
    void answersNoSuccessByOffsetsThatWereAskedForBeforeTheQuestion() {
        published(FIRST, "0/10", 1);
        long before = System.nanoTime();
        Waiter waiter = parked("0/10");

        waiters.accept(new Committed(Map.of(FIRST, 1L), Set.of()), before);
        look(Map.of(), Map.of(FIRST, 1L));

        assertThat(waiter.answer).isNotDone();
        assertThat(waiters.needsEvidence()).as("it is asked again").isTrue();
        read(Map.of());
        assertThat(waiter.answer.getNow(null))
                .isInstanceOfSatisfying(
                        Answer.NoProgress.class,
                        back -> assertThat(back.state()).isEqualTo(GroupState.REBUILDING));
    }

    @Test
    void answersNoSuccessByLogsThatWereLookedAtBeforeTheQuestion() {
        published(FIRST, "0/10", 1);
        read(Map.of(FIRST, 1L));
        Waiter waiter = parked("0/10");

        waiters.accept(new Committed(Map.of(FIRST, 1L), Set.of()), System.nanoTime());

        assertThat(waiter.answer).isNotDone();
        assertThat(waiters.needsBounds()).isTrue();
        look(Map.of(), Map.of(FIRST, 1L));
        assertThat(waiter.answer.getNow(null)).isInstanceOf(Answer.Success.class);
        assertThat(waiters.needsBounds()).isFalse();
    }

    /** FINDINGS D2: otherwise the group would count as having consumed the events that are published there next. */
    @Test
    void returnsUnknownWhenTheGroupHasCommittedBeyondTheEndOfTheLog() {
        published(FIRST, "0/10", 62);
        Waiter waiter = parked("0/10");

        waiters.accept(new Committed(Map.of(FIRST, 100_000L), Set.of()), System.nanoTime());
        assertThat(waiter.answer).as("the end is not known yet").isNotDone();
        look(Map.of(), Map.of(FIRST, 62L));

        assertUnknown(waiter, "committed offset 100000 in orders:0, beyond the end of the log at 62");
        assertThat(waiters.answers().whyUnknown(Map.of(FIRST, 100_000L), true)).isPresent();
        Waiter later = parked("0/10");
        waiters.accept(new Committed(Map.of(FIRST, 100_000L), Set.of()), System.nanoTime());
        look(Map.of(), Map.of(FIRST, 100_001L));
        assertUnknown(later, "beyond the end of the log");

        Waiter last = parked("0/10");
        read(Map.of(FIRST, 62L));
        assertThat(last.answer.getNow(null)).isInstanceOf(Answer.Success.class);
    }

    /** Kafka is asked for the offsets every few milliseconds, and for the ends of the logs once for each question. */
    @Test
    void anOffsetBeyondTheEndIsKnownAlsoWhileATokenWaitsForAnotherPartition() {
        published(FIRST, "0/10", 62);
        published(SECOND, "0/20", 5);
        Committed offsets = new Committed(Map.of(FIRST, 100_000L, SECOND, 4L), Set.of());
        Waiter waiter = parked("0/20");
        waiters.accept(offsets, System.nanoTime());

        look(Map.of(), Map.of(FIRST, 62L, SECOND, 5L));

        assertUnknown(waiter, "committed offset 100000 in orders:0, beyond the end of the log at 62");
        Waiter inTime = parked("0/20");
        waiters.accept(offsets, System.nanoTime());
        look(Map.of(), Map.of(FIRST, 62L, SECOND, 5L));
        waiters.accept(offsets, System.nanoTime());
        assertUnknown(inTime, "beyond the end of the log");
        Waiter late = parked("0/20");
        look(Map.of(), Map.of(FIRST, 62L, SECOND, 5L));
        waiters.accept(offsets, System.nanoTime());
        assertThat(waiters.answerNow(late)).as("when its time is over").isInstanceOf(Answer.Refused.class);
    }

    /** The log may have grown since the look at its end, and the group's offset with it. */
    @Test
    void anOffsetIsHeldAgainstAnEndThatWasAskedForAfterIt() {
        published(FIRST, "0/10", 2);
        Waiter waiter = parked("0/10");
        long before = System.nanoTime();

        waiters.accept(new Committed(Map.of(FIRST, 2L), Set.of()), System.nanoTime());
        waiters.accept(new LogBounds(Map.of(), Map.of(FIRST, 1L)), before);

        assertThat(waiter.answer).isNotDone();
        assertThat(waiters.needsBounds()).isTrue();
        look(Map.of(), Map.of(FIRST, 2L));
        assertThat(waiter.answer.getNow(null)).isInstanceOf(Answer.Success.class);
    }

    /** FINDINGS D1: deleted records cannot be read, so the group cannot commit them. */
    @Test
    void whereTheGroupHasNoCommitItNeedsNothingThatKafkaHasDeleted() {
        published(FIRST, "0/10", 7);
        published(SECOND, "0/20", 9);
        Waiter waiter = parked("0/20");

        waiters.accept(new Committed(Map.of(SECOND, 9L), Set.of()), System.nanoTime());
        look(Map.of(FIRST, 6L), Map.of(SECOND, 9L));

        assertThat(waiter.answer).isNotDone();
        assertThat(waiters.answerNow(waiter))
                .isInstanceOfSatisfying(
                        Answer.ProjectionBehind.class,
                        behind -> assertThat(behind.behind())
                                .containsExactly(new PartitionNeed("orders", 0, 7, 6, PartitionNeed.NO_COMMIT)));
        look(Map.of(FIRST, 8L), Map.of(SECOND, 9L));
        assertThat(waiter.answer.getNow(null)).isInstanceOf(Answer.Success.class);
    }

    /** The group has missed records that Kafka has deleted. Only its next commit shows that it accepts this. */
    @Test
    void aGroupWithACommitIsBehindDeletedRecordsToo() {
        published(FIRST, "0/10", 7);
        Waiter waiter = parked("0/10");

        waiters.accept(new Committed(Map.of(FIRST, 3L), Set.of()), System.nanoTime());
        look(Map.of(FIRST, 8L), Map.of(FIRST, 8L));

        assertThat(waiter.answer).isNotDone();
        assertThat(waiters.answerNow(waiter)).isInstanceOf(Answer.ProjectionBehind.class);
    }

    @Test
    void aGroupWhoseOffsetsHaveExpiredHasGoneBackOnlyToTheBeginningOfTheLog() {
        published(FIRST, "0/10", 7);
        read(Map.of(FIRST, 7L));

        waiters.accept(new Committed(Map.of(), Set.of()), System.nanoTime());
        look(Map.of(FIRST, 8L), Map.of());

        assertThat(waiters.history().state()).isEqualTo(GroupState.RUNNING);
        published(FIRST, "0/20", 9);
        read(Map.of());
        assertThat(waiters.evidence().behind(Lsn.parse("0/20"), Map.of()))
                .containsExactly(new PartitionNeed("orders", 0, 9, 8, PartitionNeed.NO_COMMIT));
    }

    /** D12: members are sampled at intervals, and a consumer may have started since. */
    @Test
    void returnsStoppedOnlyWithASampleTakenAfterTheQuestion() {
        GroupReading memberless = new GroupReading(Kind.SUBSCRIBING, 0, false, Set.of(), Map.of(FIRST, 0L));
        ProjectionWaiters impatient = new ProjectionWaiters(IMPATIENT, index, grounds(IMPATIENT, index));
        published(FIRST, "0/10", 1);
        long now = System.nanoTime();
        impatient.seeGroup(memberless, now);
        impatient.accept(new Committed(Map.of(FIRST, 0L), Set.of()), now - TimeUnit.HOURS.toNanos(1));
        Waiter waiter = new Waiter(Lsn.parse("0/10"));
        impatient.park(waiter);

        impatient.accept(new Committed(Map.of(FIRST, 0L), Set.of()), now + TimeUnit.HOURS.toNanos(1));
        assertThat(impatient.history().state()).isEqualTo(GroupState.STOPPED);
        assertThat(waiter.answer).isNotDone();
        assertThat(impatient.needsSample()).isTrue();

        impatient.seeGroup(memberless, System.nanoTime());
        impatient.accept(new Committed(Map.of(FIRST, 0L), Set.of()), now + TimeUnit.HOURS.toNanos(2));
        assertThat(waiter.answer.getNow(null))
                .isInstanceOfSatisfying(
                        Answer.NoProgress.class,
                        stopped -> assertThat(stopped.state()).isEqualTo(GroupState.STOPPED));
    }

    @Test
    void returnsUnknownForAShareGroup() {
        Waiter waiter = parked("0/10");

        waiters.seeGroup(new GroupReading(Kind.SHARE, 1, false, Set.of(), Map.of()), System.nanoTime());

        assertUnknown(waiter, "group group is a share group");
        assertThat(waiters.refusal()).isPresent();
    }

    private static void assertUnknown(Waiter waiter, String reason) {
        assertThat(waiter.answer.getNow(null)).isInstanceOfSatisfying(Answer.Refused.class, unknown -> {
            assertThat(unknown.status()).isEqualTo(WatermarkStatus.UNKNOWN);
            assertThat(unknown.reason()).contains(reason);
        });
    }

    @Test
    void answersWaitersThatTheGroupHasReachedAndKeepsTheOthers() {
        published(FIRST, "0/10", 1);
        published(FIRST, "0/20", 2);
        Waiter early = parked("0/10");
        Waiter late = parked("0/20");

        read(Map.of(FIRST, 1L));

        assertThat(early.answer.getNow(null)).isInstanceOf(Answer.Success.class);
        assertThat(late.answer).isNotDone();
        read(Map.of(FIRST, 2L));
        assertThat(late.answer.getNow(null)).isInstanceOf(Answer.Success.class);
    }

    /** The effect of an event may be readable only some time after its offset was committed. */
    @Test
    void succeedsOnlyOnceTheEffectsOfTheGroupAreVisible() throws Exception {
        ProjectionConfig slow =
                new ProjectionConfig("view", "group", List.of("orders"), null, Duration.milliseconds(300));
        ProjectionWaiters hidden = new ProjectionWaiters(slow, index, grounds(slow, index));
        hidden.seeGroup(reads("orders"), System.nanoTime());
        published(FIRST, "0/10", 1);
        Waiter waiter = new Waiter(Lsn.parse("0/10"));
        hidden.park(waiter);
        long seen = System.nanoTime();

        do {
            hidden.accept(new Committed(Map.of(FIRST, 1L), Set.of()), System.nanoTime());
            hidden.accept(new LogBounds(Map.of(), Map.of(FIRST, 1L)), System.nanoTime());
            if (!waiter.answer.isDone()) {
                assertThat(hidden.needsEvidence()).as("it is looked at again").isTrue();
                assertThat(hidden.answerNow(waiter)).isInstanceOfAny(Answer.NotVisible.class, Answer.Success.class);
            }
            TimeUnit.MILLISECONDS.sleep(1);
        } while (!waiter.answer.isDone());

        assertThat(System.nanoTime() - seen).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(300));
        assertThat(waiter.answer.join()).isInstanceOf(Answer.Success.class);
    }

    /** A question from before the adoption must not be answered by the index after it either. */
    @Test
    void returnsUnknownForTokensThatAdoptionSkipped() {
        Waiter leftOut = parked("0/18");
        Waiter behindIt = parked("0/19");
        Adoptions adopted = Adoptions.NONE.leavingOut(Lsn.parse("0/10"), Lsn.parse("0/18"));
        index.startAt(ResumePoint.after(Lsn.parse("0/20")), adopted, Map.of());

        read(Map.of());

        assertThat(leftOut.answer.getNow(null)).isInstanceOfSatisfying(Answer.Refused.class, unknown -> {
            assertThat(unknown.status()).isEqualTo(WatermarkStatus.UNKNOWN);
            assertThat(unknown.reason()).contains("(0/10, 0/18]", "tidemark adopt");
        });
        assertThat(behindIt.answer.getNow(null)).isInstanceOf(Answer.Success.class);
    }

    @Test
    void asksKafkaOnlyWhileAPublishedTokenIsWaitedFor() {
        assertThat(waiters.needsEvidence()).isFalse();
        Waiter waiter = parked("0/10");
        assertThat(waiters.needsEvidence()).isFalse();
        published(FIRST, "0/10", 1);
        assertThat(waiters.needsEvidence()).isTrue();

        waiters.answer(waiter, new Answer.Unavailable("given up"));

        assertThat(waiters.needsEvidence()).isFalse();
    }

    @Test
    void namesThePartitionsThatAreBehindWhenTheWaitIsOver() {
        published(SECOND, "0/10", 4);
        published(FIRST, "0/20", 2);
        Waiter waiter = parked("0/20");
        read(Map.of(SECOND, 3L));

        Answer answer = waiters.answerNow(waiter);

        assertThat(answer)
                .isInstanceOfSatisfying(
                        Answer.ProjectionBehind.class,
                        behind -> assertThat(behind.behind())
                                .containsExactly(
                                        new PartitionNeed("orders", 0, 2, 0, PartitionNeed.NO_COMMIT),
                                        new PartitionNeed("orders", 1, 4, 3)));
    }

    /** The question arrived, then another one caused a read of the offsets, and only then was the question parked. */
    @Test
    void whoseEvidenceWasThereBeforeItWasParkedIsAnsweredByIt() {
        published(FIRST, "0/10", 1);
        Waiter waiter = new Waiter(Lsn.parse("0/10"));
        read(Map.of(FIRST, 1L));
        waiters.park(waiter);

        assertThat(waiters.hasEvidenceFor(waiter)).isTrue();
        assertThat(waiters.answerNow(waiter)).isInstanceOf(Answer.Success.class);
    }

    @Test
    void whatWasPublishedSinceTheOffsetsWereReadCounts() {
        published(FIRST, "0/10", 1);
        Waiter waiter = parked("0/18");
        read(Map.of(FIRST, 1L));
        assertThat(waiter.answer).isNotDone();

        IndexSteps.advance(index, Map.of(), Lsn.parse("0/20"));

        assertThat(waiters.answerNow(waiter)).isInstanceOf(Answer.Success.class);
    }

    @Test
    void doesNotJudgeByOffsetsReadBeforeTheQuestion() {
        published(FIRST, "0/10", 1);
        read(Map.of());
        Waiter waiter = parked("0/10");

        assertThat(waiters.hasEvidenceFor(waiter)).isFalse();
        assertThat(waiters.answerNow(waiter)).isInstanceOf(Answer.Unavailable.class);
    }

    @Test
    void reportsThatTheSourceIsBehindWithoutAskingKafka() {
        published(FIRST, "0/10", 1);
        Waiter waiter = parked("0/11");

        assertThat(waiters.hasEvidenceFor(waiter)).isTrue();
        assertThat(waiters.answerNow(waiter)).isInstanceOf(Answer.SourceBehind.class);
    }

    /** G8: the index may become coarser, but what has been consumed stays consumed. */
    @Test
    void whatWasConsumedStaysSoUntilTheGroupGoesBack() {
        published(FIRST, "0/10", 1);
        assertThat(waiters.evidence().watermark(Map.of(FIRST, 1L))).isEqualTo(Lsn.parse("0/10"));
        IndexSteps.advance( // as if a merge had moved a later end to an earlier LSN
                index, Map.of(FIRST, new IndexEntry.Addition(Lsn.parse("0/8"), 9)), Lsn.parse("0/20"));

        assertThat(waiters.evidence().watermark(Map.of(FIRST, 1L))).isEqualTo(Lsn.parse("0/10"));
        assertThat(waiters.evidence().watermark(Map.of(FIRST, 0L))).isLessThan(Lsn.parse("0/8"));
    }

    /** G8: offsets that were read earlier and arrive later do not mean that the group has gone back. */
    @Test
    void offsetsThatWereOvertakenTakeNothingBack() {
        published(FIRST, "0/10", 1);
        published(FIRST, "0/20", 2);
        long early = System.nanoTime();
        read(Map.of(FIRST, 2L));

        assertThat(waiters.accept(new Committed(Map.of(FIRST, 1L), Set.of()), early))
                .containsEntry(FIRST, 2L);

        assertThat(waiters.history().state()).isEqualTo(GroupState.RUNNING);
        assertThat(waiters.evidence().watermark(Map.of(FIRST, 2L))).isEqualTo(Lsn.parse("0/20"));
        read(Map.of(FIRST, 1L));
        assertThat(waiters.history().state()).isEqualTo(GroupState.REBUILDING);
    }

    @Test
    void forgetsEverythingWhenTheSourceIsAnother() {
        Waiter waiter = parked("0/10");
        published(FIRST, "0/10", 1);
        waiters.evidence().watermark(Map.of(FIRST, 1L));

        waiters.forget(new Answer.Unavailable("another database"));
        index.belongTo(new SourceIdentity("7f3a9c21", "1", "shop", 1));
        index.belongTo(new SourceIdentity("7f3a9c21", "2", "shop", 1));

        assertThat(waiter.answer.getNow(null)).isInstanceOf(Answer.Unavailable.class);
        assertThat(index.published()).isEqualTo(Lsn.ZERO);
        assertThat(waiters.evidence().watermark(Map.of(FIRST, 1L))).isEqualTo(Lsn.ZERO);
    }

    /** Kafka returns these offsets of the group, with logs that are exactly as long and have all records. */
    private void read(Map<TopicPartition, Long> committed) {
        waiters.accept(new Committed(committed, Set.of()), System.nanoTime());
        look(Map.of(), committed);
    }

    private void look(Map<TopicPartition, Long> starts, Map<TopicPartition, Long> ends) {
        Map<TopicPartition, Long> all = new HashMap<>();
        waiters.evidence().uncommitted().forEach(partition -> all.put(partition, 0L));
        all.putAll(starts);
        waiters.accept(new LogBounds(all, ends), System.nanoTime());
    }

    private void published(TopicPartition partition, String lsn, long endOffset) {
        IndexSteps.advance(
                index, Map.of(partition, new IndexEntry.Addition(Lsn.parse(lsn), endOffset)), Lsn.parse(lsn));
    }

    private Waiter parked(String target) {
        Waiter waiter = new Waiter(Lsn.parse(target));
        waiters.park(waiter);
        return waiter;
    }
}
