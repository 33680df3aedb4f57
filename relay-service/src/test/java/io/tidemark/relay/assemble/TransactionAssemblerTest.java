// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.assemble;

import static io.tidemark.relay.assemble.Events.barrier;
import static io.tidemark.relay.assemble.Events.commit;
import static io.tidemark.relay.assemble.Events.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.capture.Change;
import io.tidemark.relay.position.ResumePoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TransactionAssemblerTest {

    @TempDir
    private Path spillDirectory;

    @Test
    void handsOverTheEventsOfATransactionInOrderOnceItsCommitIsKnown() {
        TransactionAssembler assembler = from(ResumePoint.after(Lsn.ZERO));

        List<String> beforeCommit = feed(assembler, event("a"), event("b"), event("c"));
        List<String> atCommit = feed(assembler, commit("0/30"));

        assertThat(beforeCommit).isEmpty();
        assertThat(atCommit).containsExactly("0/30 from 0: [a, b, c]");
    }

    @Test
    void keepsTransactionsApart() {
        TransactionAssembler assembler = from(ResumePoint.after(Lsn.ZERO));

        List<String> assembled = feed(assembler, event("a"), commit("0/10"), event("b"), commit("0/20"));

        assertThat(assembled).containsExactly("0/10 from 0: [a]", "0/20 from 0: [b]");
    }

    @Test
    void reportsATransactionWithoutEventsAsProgress() {
        TransactionAssembler assembler = from(ResumePoint.after(Lsn.ZERO));

        List<String> assembled = feed(assembler, commit("0/10"), event("a"), commit("0/20"), commit("0/30"));

        assertThat(assembled).containsExactly("progress 0/10", "0/20 from 0: [a]", "progress 0/30");
    }

    @Test
    void reportsABarrierAsProgress() {
        TransactionAssembler assembler = from(ResumePoint.after(Lsn.ZERO));

        List<String> assembled = feed(assembler, commit("0/10"), barrier("0/10"), barrier("0/18"));

        assertThat(assembled).containsExactly("progress 0/10", "progress 0/10", "progress 0/18");
    }

    @Test
    void dropsWhatLiesAtOrBelowTheResumePoint() {
        TransactionAssembler assembler = from(ResumePoint.after(Lsn.parse("0/20")));

        List<String> assembled = feed(
                assembler,
                commit("0/8"),
                event("old"),
                commit("0/10"),
                barrier("0/18"),
                event("last"),
                commit("0/20"),
                barrier("0/20"),
                event("new"),
                commit("0/28"));

        assertThat(assembled).containsExactly("0/28 from 0: [new]");
    }

    @Test
    void resumesInsideASplitTransactionAfterItsLastPublishedEvent() {
        TransactionAssembler assembler = from(ResumePoint.inside(Lsn.parse("0/20"), 1, Lsn.parse("0/10")));

        List<String> assembled = feed(
                assembler,
                event("old"),
                event("old"),
                event("old"),
                commit("0/18"),
                event("a"),
                event("b"),
                event("c"),
                commit("0/20"),
                event("next"),
                commit("0/28"));

        assertThat(assembled).containsExactly("0/20 from 2: [a, b, c]", "0/28 from 0: [next]");
    }

    @Test
    void dropsASplitTransactionOfWhichEveryPartIsPublished() {
        TransactionAssembler assembler = from(ResumePoint.inside(Lsn.parse("0/20"), 1, Lsn.parse("0/10")));

        List<String> assembled = feed(assembler, event("a"), event("b"), commit("0/20"));

        assertThat(assembled).isEmpty();
    }

    @Test
    void resumesInsideASpilledTransaction() {
        TransactionAssembler assembler = new TransactionAssembler(
                Lsn.ZERO, ResumePoint.inside(Lsn.parse("0/20"), 0, Lsn.parse("0/10")), 1000, spillDirectory);

        List<String> assembled = feed(assembler, event("a", 600), event("b", 600), event("c", 600), commit("0/20"));

        assertThat(assembled).containsExactly("0/20 from 1: [a, b, c] spilled");
    }

    @Test
    void dropsTheEventsOfAnUnreadableTransaction() {
        TransactionAssembler assembler = from(ResumePoint.after(Lsn.ZERO));
        feed(assembler, event("a"));

        assertThat(assembler.accept(new Change.Commit(Lsn.parse("0/20"), 0, "why")))
                .contains(new Assembled.Unreadable(Lsn.parse("0/20"), "why"));

        assertThat(feed(assembler, event("b"), commit("0/28"))).containsExactly("0/28 from 0: [b]");
    }

    /** With a row less, the ordinals would name other events. */
    @Test
    void doesNotResumeInsideATransactionThatIsUnreadableNow() {
        TransactionAssembler assembler = from(ResumePoint.inside(Lsn.parse("0/20"), 1, Lsn.parse("0/10")));
        feed(assembler, event("a"));

        assertThat(assembler.accept(new Change.Commit(Lsn.parse("0/20"), 0, "why")))
                .contains(new Assembled.Unreadable(Lsn.parse("0/20"), "why"));
    }

    /** What to do about another history comes first: adopting one transaction would not help. */
    @Test
    void noticesAnotherHistoryBeforeAnUnreadableTransaction() {
        TransactionAssembler assembler = from(ResumePoint.after(Lsn.parse("0/20")));

        assertThatThrownBy(() -> assembler.accept(new Change.Commit(Lsn.parse("0/28"), 0, "why")))
                .isInstanceOf(OtherHistory.class);
    }

    @Test
    void refusesACommitThatIsNotAfterTheLast() {
        TransactionAssembler assembler = from(ResumePoint.after(Lsn.ZERO));
        feed(assembler, event("a"), commit("0/20"));

        assertThatThrownBy(() -> assembler.accept(commit("0/20")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a commit at 0/20 after one at 0/20");
        assertThatThrownBy(() -> feed(assembler, event("b"), commit("0/18")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a commit at 0/18 after one at 0/20");
    }

    @Test
    void refusesACommitBelowABarrier() {
        TransactionAssembler assembler = from(ResumePoint.after(Lsn.ZERO));
        feed(assembler, barrier("0/20"));

        assertThatThrownBy(() -> feed(assembler, event("a"), commit("0/18")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a commit at 0/18 after one at 0/20");
    }

    @Test
    void refusesABarrierBelowTheLastCommit() {
        TransactionAssembler assembler = from(ResumePoint.after(Lsn.ZERO));
        feed(assembler, event("a"), commit("0/20"));

        assertThatThrownBy(() -> assembler.accept(barrier("0/18")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a barrier at 0/18 after a commit at 0/20");
    }

    @Test
    void refusesABarrierInsideATransaction() {
        TransactionAssembler assembler = from(ResumePoint.after(Lsn.ZERO));
        feed(assembler, event("a"));

        assertThatThrownBy(() -> assembler.accept(barrier("0/20")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a barrier at 0/20 inside a transaction");
    }

    @Test
    void noticesDisorderAlsoBelowTheResumePoint() {
        TransactionAssembler assembler = from(ResumePoint.after(Lsn.parse("0/40")));
        feed(assembler, event("a"), commit("0/20"));

        assertThatThrownBy(() -> feed(assembler, event("b"), commit("0/18"))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void ordersLsnsUnsigned() {
        Lsn resume = Lsn.parse("7FFFFFFF/FFFFFFF0");
        TransactionAssembler assembler = from(resume, ResumePoint.after(resume));

        List<String> assembled = feed(assembler, event("a"), commit("80000000/10"));

        assertThat(assembled).containsExactly("80000000/10 from 0: [a]");
    }

    @Test
    void freesTheFileOfAnOpenTransactionWhenClosed() throws IOException {
        TransactionAssembler assembler = withAnOpenFile();

        assembler.close();

        assertThat(Events.openFilesIn(spillDirectory)).isEmpty();
    }

    @Test
    void freesTheFileOfAnUnreadableTransaction() throws IOException {
        TransactionAssembler assembler = withAnOpenFile();

        assertThat(assembler.accept(new Change.Commit(Lsn.parse("0/20"), 0, "why")))
                .isPresent();

        assertThat(Events.openFilesIn(spillDirectory)).isEmpty();
    }

    private TransactionAssembler withAnOpenFile() throws IOException {
        TransactionAssembler assembler =
                new TransactionAssembler(Lsn.ZERO, ResumePoint.after(Lsn.ZERO), 1000, spillDirectory);
        feed(assembler, event("a", 600), event("b", 600));
        assertThat(Events.openFilesIn(spillDirectory)).hasSize(1);
        return assembler;
    }

    private TransactionAssembler from(ResumePoint resumePoint) {
        return from(Lsn.ZERO, resumePoint);
    }

    private TransactionAssembler from(Lsn streamStart, ResumePoint resumePoint) {
        return new TransactionAssembler(streamStart, resumePoint, 1 << 20, spillDirectory);
    }

    private static List<String> feed(TransactionAssembler assembler, Change... changes) {
        List<String> assembled = new ArrayList<>();
        for (Change change : changes) {
            assembler.accept(change).map(TransactionAssemblerTest::describe).ifPresent(assembled::add);
        }
        return assembled;
    }

    private static String describe(Assembled assembled) {
        if (assembled instanceof Assembled.Transaction transaction) {
            try (TransactionEvents events = transaction.events()) {
                return transaction.lsn() + " from " + transaction.firstOrdinal() + ": " + Events.ids(events)
                        + (events.isSpilled() ? " spilled" : "");
            }
        }
        return "progress " + assembled.lsn();
    }
}
