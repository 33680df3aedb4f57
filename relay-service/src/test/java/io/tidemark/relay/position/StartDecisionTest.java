// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.position;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.source.SlotState;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.timeline.TimelineHistory;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class StartDecisionTest {

    private static final SourceIdentity SHOP = new SourceIdentity("7f3a9c21", "system-1", "shop", 1);
    private static final Lsn WAL_HEAD = Lsn.parse("0/9000");
    /** Timeline 1 was left at 0/5000 for timeline 3, and 3 at 0/7000 for 4. Timeline 2 belonged to another server. */
    private static final TimelineHistory HISTORY_OF_4 = TimelineHistory.parse(4, "1\t0/5000\tx\n3\t0/7000\tx\n");

    private static final String FRESH_START = "tidemark slot drop --yes tidemark CONFIG and then: tidemark init CONFIG";

    @Test
    void streamsFromTheSlotAndResumesAtThePosition() {
        StartDecision decision = decide(published("0/5000"), slot("0/4000"));

        assertThat(decision)
                .isEqualTo(new StartDecision.Start(Lsn.parse("0/4000"), ResumePoint.after(Lsn.parse("0/5000"))));
    }

    @Test
    void startsWhenTheSlotIsConfirmedUpToThePositionAndTheWalEndsThere() {
        StartDecision decision = decide(published("0/9000"), slot("0/9000"));

        assertThat(decision)
                .isEqualTo(new StartDecision.Start(Lsn.parse("0/9000"), ResumePoint.after(Lsn.parse("0/9000"))));
    }

    @Test
    void resumesInsideASplitTransaction() {
        ResumePoint inside = ResumePoint.inside(Lsn.parse("0/5000"), 7, Lsn.parse("0/4000"));

        StartDecision decision = decide(position(SHOP, inside), slot("0/4000"));

        assertThat(decision).isEqualTo(new StartDecision.Start(Lsn.parse("0/4000"), inside));
    }

    /**
     * Postgres skips transactions whose commit starts below the confirmed LSN: 0/4FF0 lies inside the commit record.
     */
    @Test
    void haltsWhenTheSlotIsPastATransactionThatIsPublishedInPart() {
        StartDecision decision =
                decide(position(SHOP, ResumePoint.inside(Lsn.parse("0/5000"), 7, Lsn.parse("0/4000"))), slot("0/4FF0"));

        assertThat(haltReason(decision)).contains("0/4FF0", "only up to 0/4000", "may be missing");
    }

    @Test
    void haltsWhenTheSlotIsConfirmedBeyondThePosition() {
        StartDecision decision = decide(published("0/5000"), slot("0/5001"));

        assertThat(haltReason(decision))
                .contains("replication slot tidemark is confirmed up to 0/5001", "only up to 0/5000", "may be missing");
    }

    @Test
    void haltsWhenTheSlotIsGoneAfterEventsWerePublished() {
        StartDecision decision = decide(published("0/5000"), Optional.empty());

        assertThat(haltReason(decision))
                .contains("replication slot tidemark is gone", "events between 0/5000 and 0/9000 may be missing");
    }

    @Test
    void haltsWhenTheSlotIsLostAfterEventsWerePublished() {
        StartDecision decision = decide(published("0/5000"), lost("0/4000", "0/1000"));

        assertThat(haltReason(decision))
                .contains("replication slot tidemark is lost", "events between 0/5000 and 0/9000 may be missing");
    }

    @Test
    void haltsWhenThePositionIsBeyondTheWal() {
        StartDecision decision = decide(published("0/9001"), slot("0/4000"));

        assertThat(haltReason(decision)).contains("up to 0/9001", "WAL ends at 0/9000", "no longer in the database");
    }

    @Test
    void haltsOnAnotherCluster() {
        SourceIdentity other = new SourceIdentity("7f3a9c21", "system-2", "shop", 1);

        StartDecision decision = decide(position(other, ResumePoint.after(Lsn.parse("0/5000"))), slot("0/4000"));

        assertThat(haltReason(decision)).contains("7f3a9c21", "system-1", "system-2", "update outbox.source");
    }

    @Test
    void haltsOnAnotherDatabase() {
        SourceIdentity other = new SourceIdentity("7f3a9c21", "system-1", "shop_copy", 1);

        StartDecision decision = decide(position(other, ResumePoint.after(Lsn.parse("0/5000"))), slot("0/4000"));

        assertThat(haltReason(decision)).contains("database shop_copy", "database shop ", "update outbox.source");
    }

    @Test
    void haltsOnAnotherTimelineAlsoAnOlderOne() {
        SourceIdentity other = new SourceIdentity("7f3a9c21", "system-1", "shop", 2);

        StartDecision decision = decide(position(other, ResumePoint.after(Lsn.parse("0/5000"))), slot("0/4000"));

        assertThat(haltReason(decision)).contains("is on timeline 1", "on timeline 2", "0/5000");
    }

    @Test
    void continuesWhenThePositionIsBeforeTheSwitch() {
        ResumePoint at = ResumePoint.after(Lsn.parse("0/5000"));
        ResumePoint inside = ResumePoint.inside(Lsn.parse("0/7000"), 7, Lsn.parse("0/4000"));

        assertThat(decideOnTimeline4(position(onTimeline(1), at), slot("0/4000")))
                .isEqualTo(new StartDecision.Start(Lsn.parse("0/4000"), at));
        assertThat(decideOnTimeline4(position(onTimeline(3), inside), slot("0/4000")))
                .isEqualTo(new StartDecision.Start(Lsn.parse("0/4000"), inside));
        assertThat(decideOnTimeline4(position(onTimeline(4), ResumePoint.after(WAL_HEAD)), slot("0/4000")))
                .isInstanceOf(StartDecision.Start.class);
    }

    @Test
    void haltsWhenThePositionIsBeyondTheSwitchAndNamesTheRange() {
        StartDecision decision =
                decideOnTimeline4(position(onTimeline(1), ResumePoint.after(Lsn.parse("0/5001"))), slot("0/4000"));

        assertThat(haltReason(decision))
                .contains("left timeline 1 at 0/5000", "is on timeline 4", "(0/5000, 0/5001]", "no longer in the data")
                .endsWith(StartDecision.whatToDo());
    }

    /** Only a nudge, or transactions without events, are lost. */
    @Test
    void resumesAtTheSwitchWhenOnlyProgressLiesBeyondIt() {
        SourcePosition position = new SourcePosition(
                onTimeline(1),
                ResumePoint.after(Lsn.parse("0/5800")),
                Lsn.parse("0/5000"),
                "12@relay-1",
                Instant.EPOCH,
                Adoptions.NONE,
                Optional.empty());

        StartDecision decision = decideOnTimeline4(Optional.of(position), slot("0/4000"));

        assertThat(decision)
                .isEqualTo(new StartDecision.Start(Lsn.parse("0/4000"), ResumePoint.atSwitch(Lsn.parse("0/5000"))));
    }

    @Test
    void haltsWhenTheSlotIsBeyondTheSwitchAtWhichItWouldResume() {
        SourcePosition position = new SourcePosition(
                onTimeline(1),
                ResumePoint.after(Lsn.parse("0/5800")),
                Lsn.parse("0/4800"),
                "12@relay-1",
                Instant.EPOCH,
                Adoptions.NONE,
                Optional.empty());

        StartDecision decision = decideOnTimeline4(Optional.of(position), slot("0/5400"));

        assertThat(haltReason(decision)).contains("confirmed up to 0/5400", "only up to 0/5000");
    }

    /** All of its whole transactions are below the switch, but the published part of the next one is not. */
    @Test
    void haltsWhenATransactionPublishedInPartCommittedBeyondTheSwitch() {
        ResumePoint inside = ResumePoint.inside(Lsn.parse("0/5008"), 0, Lsn.parse("0/4000"));

        StartDecision decision = decideOnTimeline4(position(onTimeline(1), inside), slot("0/4000"));

        assertThat(haltReason(decision)).contains("(0/5000, 0/5008]");
    }

    @Test
    void haltsOnATimelineTheDatabaseDoesNotComeFrom() {
        StartDecision decision =
                decideOnTimeline4(position(onTimeline(2), ResumePoint.after(Lsn.parse("0/10"))), slot("0/10"));

        assertThat(haltReason(decision)).contains("on timeline 2", "timeline 4 does not come");
    }

    @Test
    void looksAtTheSlotAlsoAfterAFailover() {
        Optional<SourcePosition> before = position(onTimeline(1), ResumePoint.after(Lsn.parse("0/4000")));

        assertThat(haltReason(decideOnTimeline4(before, Optional.empty())))
                .contains("replication slot tidemark is gone", "between 0/4000 and 0/9000 may be missing");
        assertThat(haltReason(decideOnTimeline4(before, slot("0/4001")))).contains("is confirmed up to 0/4001");
    }

    @Test
    void startsAtAnUntouchedSlotWhenNothingWasEverPublished() {
        StartDecision decision = decide(Optional.empty(), slot("0/1000", "0/1000"));

        assertThat(decision)
                .isEqualTo(new StartDecision.Start(Lsn.parse("0/1000"), ResumePoint.after(Lsn.parse("0/1000"))));
    }

    @Test
    void waitsForASlotWhenNothingWasEverPublished() {
        StartDecision decision = decide(Optional.empty(), Optional.empty());

        assertThat(decision)
                .isEqualTo(new StartDecision.NotReady(
                        "replication slot tidemark does not exist; run: tidemark init CONFIG"));
    }

    @Test
    void haltsWhenTheSlotWasUsedButThereIsNoPosition() {
        StartDecision decision = decide(Optional.empty(), slot("0/4000", "0/1000"));

        assertThat(haltReason(decision))
                .contains("tidemark.positions", "confirmed up to 0/4000", "made at 0/1000", FRESH_START);
    }

    @Test
    void haltsWhenASlotWithoutAPositionWasNotMadeByInit() {
        StartDecision decision = decide(Optional.empty(), slot("0/4000", "0/0"));

        assertThat(haltReason(decision)).contains("0/4000", "was not made by tidemark init", FRESH_START);
    }

    @Test
    void haltsWhenTheSlotWasLostBeforeAnythingWasPublished() {
        StartDecision decision = decide(Optional.empty(), lost("0/1000", "0/1000"));

        assertThat(haltReason(decision))
                .contains("replication slot tidemark is lost", "events since 0/1000 may be missing", FRESH_START);
    }

    private static StartDecision decide(Optional<SourcePosition> stored, Optional<SlotState> slot) {
        return StartDecision.decide(stored, slot, "tidemark", SHOP, TimelineHistory.none(1), WAL_HEAD);
    }

    private static StartDecision decideOnTimeline4(Optional<SourcePosition> stored, Optional<SlotState> slot) {
        return StartDecision.decide(stored, slot, "tidemark", onTimeline(4), HISTORY_OF_4, WAL_HEAD);
    }

    private static SourceIdentity onTimeline(int timeline) {
        return new SourceIdentity("7f3a9c21", "system-1", "shop", timeline);
    }

    private static Optional<SourcePosition> published(String lsn) {
        return position(SHOP, ResumePoint.after(Lsn.parse(lsn)));
    }

    private static Optional<SourcePosition> position(SourceIdentity source, ResumePoint resumePoint) {
        return Optional.of(new SourcePosition(source, resumePoint, "12@relay-1", Instant.EPOCH));
    }

    private static Optional<SlotState> slot(String confirmed) {
        return slot(confirmed, "0/1000");
    }

    private static Optional<SlotState> slot(String confirmed, String created) {
        return Optional.of(new SlotState(
                Lsn.parse(confirmed),
                Lsn.parse(created),
                "reserved",
                OptionalInt.empty(),
                OptionalLong.empty(),
                OptionalLong.empty()));
    }

    private static Optional<SlotState> lost(String confirmed, String created) {
        return Optional.of(new SlotState(
                Lsn.parse(confirmed),
                Lsn.parse(created),
                "lost",
                OptionalInt.empty(),
                OptionalLong.empty(),
                OptionalLong.empty()));
    }

    private static String haltReason(StartDecision decision) {
        assertThat(decision).isInstanceOf(StartDecision.Halt.class);
        return ((StartDecision.Halt) decision).reason();
    }
}
