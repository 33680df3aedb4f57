// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.RouteConfig.OnPoison;
import io.tidemark.relay.position.ResumePoint;
import io.tidemark.relay.publish.PublishFailure;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The order "Kafka commit, look, index, slot": if a step fails, no later step has happened. */
class CommitOrderTest {

    private static final ResumePoint REACHED = ResumePoint.after(Lsn.parse("0/200"));

    @TempDir
    private Path spillDirectory = Path.of("");

    private RecordedRun run = new RecordedRun(OnPoison.HALT, 1 << 20, spillDirectory);
    private EventSender sender = sender();
    private CommitOrder commits = run.commits(sender, ResumePoint.after(RecordedRun.START));

    @BeforeEach
    void begin() throws Exception {
        run = new RecordedRun(OnPoison.HALT, 1 << 20, spillDirectory);
        sender = sender();
        commits = run.commits(sender, ResumePoint.after(RecordedRun.START));
        sender.begin();
        sender.send(RecordedRun.event("a"), Lsn.parse("0/200"), 0, null);
    }

    private EventSender sender() {
        return new EventSender(run.scope());
    }

    @Test
    void checksThenUpdatesTheIndexThenConfirmsTheSlotAfterTheKafkaCommit() throws Exception {
        commits.commit(REACHED, 0);

        assertThat(run.calls)
                .containsExactly("begin", "send a", "look", "commit 0/200", "seen", "index 0/200", "confirm 0/200");
        assertThat(commits.published()).isEqualTo(Lsn.parse("0/200"));
    }

    @Test
    void updatesNeitherIndexNorSlotWhenTheKafkaCommitFails() {
        run.commitFails = true;

        assertThatThrownBy(() -> commits.commit(REACHED, 0)).isInstanceOf(PublishFailure.class);
        assertThat(run.calls).containsExactly("begin", "send a", "look", "commit 0/200");
        assertThat(commits.published()).isEqualTo(RecordedRun.START);
    }

    @Test
    void leavesTheSlotUnconfirmedWhenTheIndexFails() {
        run.indexFails = true;

        assertThatThrownBy(() -> commits.commit(REACHED, 0)).isInstanceOf(IllegalStateException.class);
        assertThat(run.calls).containsExactly("begin", "send a", "look", "commit 0/200", "seen");
    }

    @Test
    void confirmsOnlyWhatPrecedesATransactionThatIsPublishedInPart() throws Exception {
        commits.commit(ResumePoint.inside(Lsn.parse("0/200"), 3, RecordedRun.START), 0);

        assertThat(run.calls)
                .containsExactly(
                        "begin",
                        "send a",
                        "look",
                        "commit 0/200/3",
                        "seen",
                        "index 0/200",
                        "confirm " + RecordedRun.START);
        assertThat(commits.published()).isEqualTo(RecordedRun.START);
    }

    @Test
    void opensTheIndexBeforeAnythingIsCommitted() throws Exception {
        commits.open();
        commits.commit(REACHED, 0);

        assertThat(run.calls)
                .containsExactly(
                        "begin",
                        "send a",
                        "index " + RecordedRun.START + " opening",
                        "look",
                        "commit 0/200",
                        "seen",
                        "index 0/200",
                        "confirm 0/200");
    }

    @Test
    void updatesNeitherIndexNorSlotWhenThePublicationHasChanged() {
        run.changed = new IllegalStateException("it has changed");

        assertThatThrownBy(() -> commits.commit(REACHED, 0)).isSameAs(run.changed);
        assertThat(run.calls).containsExactly("begin", "send a", "look", "commit 0/200");
        assertThat(commits.published()).isEqualTo(RecordedRun.START);
    }

    @Test
    void updatesNeitherIndexNorSlotWhileThePublicationIsInDoubt() throws Exception {
        run.looksInDoubt = 2;

        commits.commit(REACHED, 0);

        assertThat(run.calls)
                .containsExactly(
                        "begin",
                        "send a",
                        "look",
                        "commit 0/200",
                        "look in doubt",
                        "look in doubt",
                        "seen",
                        "index 0/200",
                        "confirm 0/200");
    }

    @Test
    void updatesNeitherIndexNorSlotWhenItIsStoppedInDoubt() {
        run.looksInDoubt = 2;
        run.stops = true;

        assertThatThrownBy(() -> commits.commit(REACHED, 0)).isInstanceOf(RunEnding.class);
        assertThat(run.calls).containsExactly("begin", "send a", "look", "commit 0/200", "look in doubt");
    }

    @Test
    void recordsThePublicationInTheFirstKafkaTransaction() throws Exception {
        commits.commit(REACHED, 0);
        commits.commit(ResumePoint.after(Lsn.parse("0/300")), 0);

        assertThat(run.publicationRecords).containsExactly(true, false);
    }
}
