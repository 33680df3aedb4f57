// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

import static io.tidemark.relay.loop.RecordedRun.commit;
import static io.tidemark.relay.loop.RecordedRun.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.account.DayDigest;
import io.tidemark.relay.account.IdHash;
import io.tidemark.relay.assemble.UnreadableTransaction;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.capture.Change;
import io.tidemark.relay.config.RouteConfig.OnPoison;
import io.tidemark.relay.position.ResumePoint;
import io.tidemark.relay.position.StartDecision;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.route.PoisonEvent;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PublishLoopTest {

    private static final long ROOMY = 1 << 20;
    /** A limit below the size of four events: a transaction of four is split. */
    private static final long TIGHT = 3 * 440;

    @TempDir
    private Path spillDirectory = Path.of("");

    private RecordedRun run(OnPoison onPoison, long transactionBytes) {
        return new RecordedRun(onPoison, transactionBytes, spillDirectory);
    }

    private static CapturedEvent poison(String id) {
        return new CapturedEvent(id, "order", "order-1", "t", new byte[1], null, null, null, null, 0, "is damaged");
    }

    private static List<Change> transaction(String lsn, CapturedEvent... events) {
        List<Change> changes = new ArrayList<>(List.of(events));
        changes.add(commit(lsn));
        return changes;
    }

    @Test
    void publishesTheTransactionsOfOneTurnTogether() throws Exception {
        RecordedRun run = run(OnPoison.HALT, ROOMY);
        List<Change> changes = new ArrayList<>(transaction("0/200", event("a"), event("b")));
        changes.addAll(transaction("0/300", event("c")));

        run.loop().publish(changes);

        assertThat(run.calls)
                .containsExactly(
                        "index 0/100 opening",
                        "begin",
                        "send a",
                        "send b",
                        "send c",
                        "look",
                        "commit 0/300",
                        "seen",
                        "index 0/300",
                        "confirm 0/300");
    }

    /** Kafka would hold back for 20 ms what is sent before the markers of the last transaction are written. */
    @Test
    void pausesBeforeTheNextSmallKafkaTransaction() throws Exception {
        RecordedRun run = run(OnPoison.HALT, ROOMY);
        for (int i = 2; i < 6; i++) {
            run.stream.add(transaction("0/" + i + "00", event("e" + i)));
        }
        run.stops = true;

        run.loop().publishUntilStopped();

        assertThat(run.beganNanos).hasSize(4);
        for (int i = 1; i < 4; i++) {
            assertThat(run.beganNanos.get(i) - run.committedNanos.get(i - 1))
                    .isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(7)); // 8 at first
        }
    }

    @Test
    void publishesEverythingBeforeAnUnreadableTransactionAndStops() {
        RecordedRun run = run(OnPoison.HALT, ROOMY);
        List<Change> changes = new ArrayList<>(transaction("0/200", event("a")));
        changes.add(event("among"));
        changes.add(new Change.Commit(Lsn.parse("0/300"), 0, "it has no column"));
        changes.addAll(transaction("0/400", event("b")));
        PublishLoop loop = run.loop();

        assertThatThrownBy(() -> loop.publish(changes))
                .isInstanceOf(UnreadableTransaction.class)
                .hasMessageContainingAll("cannot be published: it has no column", "tidemark adopt --at 0/300 CONFIG");

        assertThat(run.kafka()).containsExactly("begin", "send a", "commit 0/200");
    }

    @Test
    void leavesOutAnUnreadableTransactionThatWasAdopted() throws Exception {
        RecordedRun run = run(OnPoison.HALT, ROOMY);
        List<Change> changes = new ArrayList<>();
        changes.add(event("among"));
        changes.add(new Change.Commit(Lsn.parse("0/300"), 0, "it has no column"));
        changes.addAll(transaction("0/400", event("b")));

        run.loop(new StartDecision.Start(RecordedRun.START, ResumePoint.adopted(Lsn.parse("0/300"))))
                .publish(changes);

        assertThat(run.kafka()).containsExactly("begin", "send b", "commit 0/400");
    }

    @Test
    void publishesNothingBeforeTheTransactionCommits() throws Exception {
        RecordedRun run = run(OnPoison.HALT, ROOMY);
        PublishLoop loop = run.loop();

        loop.publish(List.of(event("a")));

        assertThat(run.kafka()).isEmpty();
        loop.publish(List.of(commit("0/200")));
        assertThat(run.kafka()).containsExactly("begin", "send a", "commit 0/200");
    }

    @Test
    void recordsProgressWithoutEvents() throws Exception {
        RecordedRun run = run(OnPoison.HALT, ROOMY);

        run.loop().publish(List.of(new Change.Barrier(Lsn.parse("0/200"))));

        assertThat(run.calls)
                .containsExactly(
                        "index 0/100 opening", "begin", "look", "commit 0/200", "seen", "index 0/200", "confirm 0/200");
    }

    @Test
    void dropsWhatKafkaHasAlready() throws Exception {
        RecordedRun run = run(OnPoison.HALT, ROOMY);
        PublishLoop loop = run.loop(new StartDecision.Start(RecordedRun.START, ResumePoint.after(Lsn.parse("0/200"))));
        List<Change> changes = new ArrayList<>(transaction("0/200", event("a")));
        changes.addAll(transaction("0/300", event("b")));

        loop.publish(changes);

        assertThat(run.kafka()).containsExactly("begin", "send b", "commit 0/300");
    }

    @Test
    void publishesPrecedingEventsBeforeItDeadLettersARefusedEvent() throws Exception {
        RecordedRun run = run(OnPoison.DEAD_LETTER, ROOMY);
        run.refused.add("large");
        List<Change> changes = new ArrayList<>(transaction("0/200", event("a")));
        changes.addAll(transaction("0/300", event("b"), event("large")));
        changes.addAll(transaction("0/400", event("c")));

        run.loop().publish(changes);

        assertThat(run.kafka())
                .containsExactly(
                        "begin",
                        "send a",
                        "send b",
                        "send large",
                        "send c",
                        "commit 0/400",
                        "take back",
                        "begin",
                        "send a",
                        "commit 0/200",
                        "begin",
                        "send b",
                        "bury large",
                        "send c",
                        "commit 0/400");
        assertThat(run.calls).doesNotContain("confirm 0/300").endsWith("confirm 0/400");
    }

    /** A topic without events may be deleted and made again. */
    @Test
    void recordsATopicOnlyForEventsThatAreInIt() throws Exception {
        RecordedRun run = run(OnPoison.DEAD_LETTER, ROOMY);
        run.refused.add("large");
        PublishLoop loop = run.loop();

        loop.publish(new ArrayList<>(transaction("0/200", event("large"))));

        assertThat(run.kafka()).endsWith("bury large", "commit 0/200");
        assertThat(run.recordedTopics).isEmpty();

        loop.publish(new ArrayList<>(transaction("0/300", event("a"))));

        assertThat(run.recordedTopics).isNotEmpty();
    }

    @Test
    void haltsAtAnEventThatCannotBePublishedOnceEverythingBeforeItIs() {
        RecordedRun run = run(OnPoison.HALT, ROOMY);
        List<Change> changes = new ArrayList<>(transaction("0/200", event("a")));
        changes.addAll(transaction("0/300", event("b"), poison("bad")));
        PublishLoop loop = run.loop();

        assertThatThrownBy(() -> loop.publish(changes)).isInstanceOf(PoisonEvent.class);

        assertThat(run.kafka())
                .containsExactly(
                        "begin",
                        "send a",
                        "send b",
                        "abort",
                        "begin",
                        "send a",
                        "commit 0/200",
                        "begin",
                        "send b",
                        "abort");
        assertThat(run.calls).contains("confirm 0/200").doesNotContain("confirm 0/300");
    }

    @Test
    void endsWithAnyOtherFailureAndReportsNothingOfTheBatch() {
        RecordedRun run = run(OnPoison.DEAD_LETTER, ROOMY);
        run.commitFails = true;
        PublishLoop loop = run.loop();

        assertThatThrownBy(() -> loop.publish(transaction("0/200", event("a")))).isInstanceOf(PublishFailure.class);

        assertThat(run.calls).containsExactly("index 0/100 opening", "begin", "send a", "look", "commit 0/200");
    }

    @Test
    void splitsATransactionThatIsTooLargeAndConfirmsItOnlyWithItsLastPart() throws Exception {
        RecordedRun run = run(OnPoison.HALT, TIGHT);

        run.loop().publish(transaction("0/200", event("a"), event("b"), event("c"), event("d")));

        assertThat(run.calls)
                .containsExactly(
                        "index 0/100 opening",
                        "begin",
                        "send a 0-0/4",
                        "look",
                        "commit 0/200/0",
                        "seen",
                        "index 0/200",
                        "confirm 0/100",
                        "begin",
                        "send b 1-1/4",
                        "look",
                        "commit 0/200/1",
                        "seen",
                        "index 0/200",
                        "confirm 0/100",
                        "begin",
                        "send c 2-2/4",
                        "look",
                        "commit 0/200/2",
                        "seen",
                        "index 0/200",
                        "confirm 0/100",
                        "begin",
                        "send d 3-3/4",
                        "look",
                        "commit 0/200",
                        "seen",
                        "index 0/200",
                        "confirm 0/200");
    }

    @Test
    void publishesWhatPrecedesALargeTransactionFirst() throws Exception {
        RecordedRun run = run(OnPoison.HALT, TIGHT);
        List<Change> changes = new ArrayList<>(transaction("0/200", event("small")));
        changes.addAll(transaction("0/300", event("a"), event("b"), event("c"), event("d")));

        run.loop().publish(changes);

        assertThat(run.kafka()).startsWith("begin", "send small", "commit 0/200", "begin", "send a 0-0/4");
    }

    @Test
    void continuesASplitTransactionBehindItsLastPublishedPart() throws Exception {
        RecordedRun run = run(OnPoison.HALT, TIGHT);
        PublishLoop loop = run.loop(new StartDecision.Start(
                RecordedRun.START, ResumePoint.inside(Lsn.parse("0/200"), 1, RecordedRun.START)));

        loop.publish(transaction("0/200", event("a"), event("b"), event("c"), event("d")));

        assertThat(run.kafka())
                .containsExactly("begin", "send c 2-2/4", "commit 0/200/2", "begin", "send d 3-3/4", "commit 0/200");
    }

    /** All its parts may take minutes, and until then the relay would not be reported as running. */
    @Test
    void reportsThatItRunsBeforeItContinuesASplitTransaction() throws Exception {
        RecordedRun run = run(OnPoison.HALT, TIGHT);
        PublishLoop loop = run.loop(new StartDecision.Start(
                RecordedRun.START, ResumePoint.inside(Lsn.parse("0/200"), 1, RecordedRun.START)));

        loop.publish(transaction("0/200", event("a"), event("b"), event("c"), event("d")));

        assertThat(run.kafkaWhenAnchored).isNotNull().isEmpty();
    }

    @Test
    void keepsTheSplitHeaderWhereTheLimitWasRaisedInsideASplitTransaction() throws Exception {
        RecordedRun run = run(OnPoison.HALT, ROOMY);
        PublishLoop loop = run.loop(new StartDecision.Start(
                RecordedRun.START, ResumePoint.inside(Lsn.parse("0/200"), 1, RecordedRun.START)));

        loop.publish(transaction("0/200", event("a"), event("b"), event("c"), event("d")));

        assertThat(run.kafka()).containsExactly("begin", "send c 2-3/4", "send d 2-3/4", "commit 0/200");
    }

    @Test
    void looksAfterTheRunBetweenThePartsOfASplitTransaction() throws Exception {
        RecordedRun run = run(OnPoison.HALT, TIGHT);

        run.loop().publish(transaction("0/200", event("a"), event("b"), event("c"), event("d")));

        assertThat(run.turns).isEqualTo(4);
    }

    @Test
    void stopsBetweenTwoPartsOnRequest() {
        RecordedRun run = run(OnPoison.HALT, TIGHT);
        run.stops = true;
        PublishLoop loop = run.loop();
        List<Change> changes = transaction("0/200", event("a"), event("b"), event("c"), event("d"));

        assertThatThrownBy(() -> loop.publish(changes)).isInstanceOf(RunEnding.class);

        assertThat(run.kafka()).containsExactly("begin", "send a 0-0/4", "commit 0/200/0");
    }

    @Test
    void stopsBetweenTwoKafkaTransactionsOfOneTurnOnRequest() {
        RecordedRun run = new RecordedRun(OnPoison.HALT, ROOMY, spillDirectory, 1);
        run.stops = true;
        PublishLoop loop = run.loop();
        List<Change> changes = new ArrayList<>(transaction("0/200", event("a")));
        changes.addAll(transaction("0/300", event("b")));

        assertThatThrownBy(() -> loop.publish(changes)).isInstanceOf(RunEnding.class);

        assertThat(run.kafka()).containsExactly("begin", "send a", "commit 0/200");
    }

    @Test
    void sendsAPartAgainWithTheRefusedEventAmongTheDeadLetters() throws Exception {
        RecordedRun run = run(OnPoison.DEAD_LETTER, TIGHT);
        run.refused.add("b");

        run.loop().publish(transaction("0/200", event("a"), event("b"), event("c"), event("d")));

        assertThat(run.kafka())
                .containsSequence(
                        "begin",
                        "send b 1-1/4",
                        "commit 0/200/1",
                        "take back",
                        "begin",
                        "bury b 1-1/4",
                        "commit 0/200/1",
                        "begin",
                        "send c 2-2/4");
    }

    @Test
    void recordsWhereTheLastEventIsBesideWhatWasReached() throws Exception {
        RecordedRun run = run(OnPoison.HALT, ROOMY);
        PublishLoop loop = run.loop();

        loop.publish(List.of(new Change.Barrier(Lsn.parse("0/150"))));
        List<Change> changes = new ArrayList<>(transaction("0/200", event("a")));
        changes.add(new Change.Barrier(Lsn.parse("0/300")));
        loop.publish(changes);
        loop.publish(List.of(new Change.Barrier(Lsn.parse("0/400"))));

        assertThat(run.positions)
                .extracting(position -> position.lastEvent().toString())
                .containsExactly("0/100", "0/200", "0/200");
    }

    /** The LSN that a person names may lie inside a commit record. */
    @Test
    void doesNotConfirmTheSlotToWhatAPersonNamed() throws Exception {
        RecordedRun run = run(OnPoison.HALT, TIGHT);
        PublishLoop loop =
                run.loop(new StartDecision.Start(RecordedRun.START, ResumePoint.adopted(Lsn.parse("0/180"))));

        loop.publish(transaction("0/200", event("a"), event("b"), event("c"), event("d")));

        assertThat(run.calls.stream().filter(call -> call.startsWith("confirm")))
                .containsExactly("confirm 0/100", "confirm 0/100", "confirm 0/100", "confirm 0/200");
        assertThat(run.positions.get(0).resumePoint().complete()).isEqualTo(RecordedRun.START);
    }

    /** Publishes in one run after another, until everything is published. */
    private static @Nullable PublishFailure publishInRuns(RecordedRun run, List<Change> changes, int mostRuns) {
        @Nullable PublishFailure last = null;
        for (int i = 0; i < mostRuns; i++) {
            ResumePoint reached = run.committed();
            try {
                run.loop(new StartDecision.Start(RecordedRun.START, reached)).publish(changes);
                return last;
            } catch (PublishFailure e) {
                last = e;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
        return last;
    }

    @Test
    void sendsFewerAtATimeWhenKafkaDoesNotTakeAllInTime() {
        RecordedRun run = run(OnPoison.HALT, ROOMY);
        run.mostInTime = 2;
        List<Change> changes = new ArrayList<>();
        for (int i = 1; i <= 9; i++) {
            changes.addAll(transaction("0/" + (100 + 10 * i), event("e" + i)));
        }

        publishInRuns(run, changes, 20);

        assertThat(run.committed().lsn()).isEqualTo(Lsn.parse("0/190"));
        assertThat(run.kafka().stream().filter(call -> call.startsWith("begin")))
                .hasSizeBetween(6, 16);
    }

    @Test
    void reportsWhyATransactionThatTimesOutStaysWhole() {
        RecordedRun run = run(OnPoison.HALT, ROOMY);
        run.mostInTime = 2;

        PublishFailure failure = publishInRuns(run, transaction("0/200", event("a"), event("b"), event("c")), 3);

        assertThat(failure)
                .hasMessageContainingAll(
                        "3 events of one transaction, committed at 0/200",
                        "delivery.timeout.ms",
                        "limits.transactionBytes");
    }

    private static DayDigest digest(String... ids) {
        IdHash hash = new IdHash();
        DayDigest digest = DayDigest.NONE;
        for (String id : ids) {
            digest = digest.plus(new DayDigest(1, hash.of(id)));
        }
        return digest;
    }

    @Test
    void countsARowOnceForTheAuditWhateverWasSentAndTakenBack() throws Exception {
        RecordedRun run = run(OnPoison.DEAD_LETTER, ROOMY);
        run.refused.add("large");
        List<Change> changes = new ArrayList<>(transaction("0/200", event("a")));
        changes.addAll(transaction("0/300", event("b"), event("large"), poison("bad")));

        run.loop().publish(changes);

        assertThat(run.audit.of(LocalDate.EPOCH)).isEqualTo(digest("a", "b", "large", "bad"));
    }

    @Test
    void countsWhatPrecedesAPoisonThatHaltsAndNothingElse() {
        RecordedRun run = run(OnPoison.HALT, ROOMY);
        List<Change> changes = new ArrayList<>(transaction("0/200", event("a")));
        changes.addAll(transaction("0/300", event("b"), poison("bad")));
        PublishLoop loop = run.loop();

        assertThatThrownBy(() -> loop.publish(changes)).isInstanceOf(PoisonEvent.class);

        assertThat(run.audit.of(LocalDate.EPOCH)).isEqualTo(digest("a"));
    }

    @Test
    void countsEachPartOfASplitTransactionOnce() throws Exception {
        RecordedRun run = run(OnPoison.DEAD_LETTER, TIGHT);
        run.refused.add("b");

        run.loop().publish(transaction("0/200", event("a"), event("b"), event("c"), event("d")));

        assertThat(run.audit.of(LocalDate.EPOCH)).isEqualTo(digest("a", "b", "c", "d"));
    }

    @Test
    void doesNotCountAnEventWithoutARow() throws Exception {
        RecordedRun run = run(OnPoison.HALT, ROOMY);
        CapturedEvent emitted = new CapturedEvent(
                "emitted", "order", "order-1", "t", new byte[1], null, null, null, null, 0, null, false);

        run.loop().publish(transaction("0/200", emitted, event("a")));

        assertThat(run.audit.of(LocalDate.EPOCH)).isEqualTo(digest("a"));
    }
}
