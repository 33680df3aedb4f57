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
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnchorTest {

    private static final ResumePoint AT_20 = ResumePoint.after(Lsn.parse("0/20"));
    private static final ResumePoint INSIDE_20 = ResumePoint.inside(Lsn.parse("0/20"), 1, Lsn.parse("0/10"));

    @TempDir
    private Path spillDirectory;

    @Test
    void passesWithTheTransactionAtTheResumePoint() {
        assertThat(anchored("0/10", AT_20, event("a"), commit("0/18"))).isFalse();
        assertThat(anchored("0/10", AT_20, event("a"), commit("0/18"), event("b"), commit("0/20")))
                .isTrue();
        assertThat(anchored("0/10", AT_20, event("b"), commit("0/20"), event("c"), commit("0/28")))
                .isTrue();
    }

    @Test
    void passesWithAnEmptyCommitOrABarrierAtTheResumePoint() {
        assertThat(anchored("0/10", AT_20, commit("0/20"), commit("0/28"))).isTrue();
        assertThat(anchored("0/10", AT_20, barrier("0/18"), barrier("0/20"), barrier("0/28")))
                .isTrue();
        assertThat(anchored("0/10", AT_20, commit("0/20"), barrier("0/20"), barrier("0/28")))
                .isTrue();
    }

    @Test
    void hasNothingToSeeWhereTheStreamBeginsAtTheResumePoint() {
        assertThat(anchored("0/20", AT_20)).isTrue();
        assertThat(anchored("0/20", AT_20, event("a"), commit("0/28"))).isTrue();
        assertThat(anchored("0/20", AT_20, barrier("0/20"))).isTrue();
    }

    @Test
    void doesNotAskForAnLsnThatAPersonHasNamed() {
        assertThat(anchored("0/10", ResumePoint.adopted(Lsn.parse("0/20")), event("a"), commit("0/28")))
                .isTrue();
    }

    @Test
    void refusesWhateverComesFirstAboveTheResumePoint() {
        assertRefuses(AT_20, event("a"), commit("0/28"));
        assertRefuses(AT_20, commit("0/28"));
        assertRefuses(AT_20, barrier("0/28"));
        assertRefuses(AT_20, event("a"), commit("0/18"), barrier("0/21"));
    }

    @Test
    void wantsTheTransactionThatIsPublishedInPartAgain() {
        Change[] three = {event("a"), event("b"), event("c"), commit("0/20")};

        assertThat(anchored("0/10", INSIDE_20, three)).isTrue();
        assertThat(anchored("0/10", INSIDE_20, event("a"), event("b"), commit("0/20")))
                .isTrue();
        assertThat(anchored("0/10", INSIDE_20, barrier("0/20"))).isFalse();
        assertRefuses(INSIDE_20, event("a"), commit("0/20"));
        assertRefuses(INSIDE_20, barrier("0/20"), barrier("0/28"));
        assertRefuses(INSIDE_20, event("a"), event("b"), commit("0/28"));
    }

    @Test
    void reportsThePublishedLsnAndTheReceivedChange() {
        assertThatThrownBy(() -> anchored("0/10", AT_20, barrier("0/28")))
                .hasMessageContaining("does not contain what was published up to 0/20")
                .hasMessageContaining("something at 0/28 came");
    }

    private void assertRefuses(ResumePoint resumePoint, Change... changes) {
        assertThatThrownBy(() -> anchored("0/10", resumePoint, changes)).isInstanceOf(OtherHistory.class);
    }

    private boolean anchored(String streamStart, ResumePoint resumePoint, Change... changes) {
        try (TransactionAssembler assembler =
                new TransactionAssembler(Lsn.parse(streamStart), resumePoint, 1 << 20, spillDirectory)) {
            List.of(changes).forEach(assembler::accept);
            return assembler.isAnchored();
        }
    }
}
