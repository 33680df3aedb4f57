// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.capture.CaptureFailed;
import io.tidemark.relay.capture.Change;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Checks the replication slot: only our confirmations advance it, exactly to the confirmed LSN; the engine does not
 * create it; an engine that starts at another LSN, or loses the slot, ends.
 */
class SlotGuardsIT {

    private TestSource source;

    @BeforeEach
    void createSource() throws Exception {
        source = TestSource.create("slot");
    }

    @AfterEach
    void dropSource() throws Exception {
        source.close();
    }

    private void publish(int events) throws SQLException {
        for (int i = 0; i < events; i++) {
            source.execute("select outbox.publish('order', 'a', 'changed', 'x'::text)");
        }
    }

    private static List<Lsn> commits(List<Change> changes) {
        return changes.stream()
                .filter(Change.Commit.class::isInstance)
                .map(change -> ((Change.Commit) change).commitLsn())
                .toList();
    }

    private void awaitConfirmed(Lsn lsn) {
        await("the slot to be confirmed up to " + lsn)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> source.confirmed().equals(lsn));
    }

    @Test
    void slotIsConfirmedExactlyUpToOurConfirmation() throws Exception {
        try (CapturedStream stream = CapturedStream.start(source)) {
            publish(5);
            List<Lsn> commits = commits(stream.readToNow());

            for (Lsn commit : commits.subList(0, 4)) {
                stream.engine().confirmUpTo(commit);
                awaitConfirmed(commit);
            }

            assertThat(source.confirmed()).isEqualTo(commits.get(3)).isLessThan(commits.get(4));
        }
    }

    @Test
    void confirmationsNeverGoBack() throws Exception {
        try (CapturedStream stream = CapturedStream.start(source)) {
            publish(3);
            List<Lsn> commits = commits(stream.readToNow());

            stream.engine().confirmUpTo(commits.get(1));
            stream.engine().confirmUpTo(commits.get(0));

            awaitConfirmed(commits.get(1));
            assertThat(stream.engine().confirmed()).isEqualTo(commits.get(1));
        }
    }

    @Test
    void nothingElseConfirmsUnconfirmedChanges() throws Exception {
        Lsn confirmed;
        try (CapturedStream stream = CapturedStream.start(source)) {
            publish(2);
            confirmed = commits(stream.readToNow()).get(0);
            stream.engine().confirmUpTo(confirmed);
            awaitConfirmed(confirmed);

            await().during(Duration.ofSeconds(3)).until(() -> {
                publish(1);
                stream.readToNow();
                return source.confirmed().equals(confirmed);
            });
        }

        assertThat(source.confirmed()).as("after closing").isEqualTo(confirmed);
    }

    /**
     * Several keep-alives arrive with an increasing end of the WAL. Without our settings, the driver would confirm it.
     */
    @Test
    void nothingElseConfirmsBeyondTheStream() throws Exception {
        source.execute("alter database " + source.name() + " set wal_sender_timeout = '1s'");
        Lsn confirmed;
        try (CapturedStream stream = CapturedStream.start(source)) {
            publish(2);
            stream.readToNow();
            confirmed = stream.engine().captured();
            stream.engine().confirmUpTo(confirmed);
            awaitConfirmed(confirmed);

            await().during(Duration.ofSeconds(3)).until(() -> {
                source.execute("insert into audit.entry (event_id, aggregate_id) values (gen_random_uuid(), 'x')");
                stream.engine().checkAlive();
                return source.confirmed().equals(confirmed);
            });
        }

        assertThat(source.confirmed()).as("after closing").isEqualTo(confirmed);
    }

    @Test
    void streamThatStartsAtAnotherLsnIsRejected() throws Exception {
        Lsn slot = source.confirmed();
        Lsn expected = new Lsn(slot.value() - 8);

        try (CapturedStream stream = CapturedStream.start(source, expected, 100)) {
            Throwable failure = stream.awaitFailure();

            assertThat(failure)
                    .isInstanceOf(CaptureFailed.class)
                    .hasMessageContaining("starts at " + slot)
                    .hasMessageContaining("stood at " + expected);
            assertThat(stream.engine().isStarted()).isFalse();
        }
    }

    @Test
    void missingSlotIsNotCreated() throws Exception {
        Lsn confirmed = source.confirmed();
        source.execute("select pg_drop_replication_slot('" + source.name() + "')");

        try (CapturedStream stream = CapturedStream.start(source, confirmed, 100)) {
            Throwable failure = stream.awaitFailure();

            assertThat(failure).isInstanceOf(CaptureFailed.class).hasMessageContaining("slot is gone");
        }
        assertThat(slots()).isZero();
    }

    private int slots() throws SQLException {
        return Integer.parseInt(
                source.query("select count(*) from pg_replication_slots where slot_name = '" + source.name() + "'"));
    }

    /** On another server, the slot of the same name may be in use as well. */
    @Test
    void knowsTheWalsenderThatSendsItsStream() throws Exception {
        try (CapturedStream stream = CapturedStream.start(source).awaitStarted()) {
            int walsender = Integer.parseInt(source.query(
                    "select active_pid from pg_replication_slots where slot_name = '" + source.name() + "'"));

            assertThat(stream.engine().isSentBy(OptionalInt.of(walsender))).isTrue();
            assertThat(stream.engine().isSentBy(OptionalInt.of(walsender + 1))).isFalse();
            assertThat(stream.engine().isSentBy(OptionalInt.empty())).isFalse();
        }
    }

    @Test
    void engineEndsWhenItsWalsenderDoes() throws Exception {
        try (CapturedStream stream = CapturedStream.start(source).awaitStarted()) {
            endWalsender();

            assertThat(stream.awaitFailure()).isInstanceOf(CaptureFailed.class);
        }
        assertThat(slots()).isOne();
    }

    @Test
    void engineEndsWhenItsSlotIsDropped() throws Exception {
        try (CapturedStream stream = CapturedStream.start(source).awaitStarted()) {
            endWalsender();
            source.execute("select pg_drop_replication_slot('" + source.name() + "')");

            assertThat(stream.awaitFailure()).isInstanceOf(CaptureFailed.class);
        }
        assertThat(slots()).isZero();
    }

    private void endWalsender() throws SQLException {
        source.execute("select pg_terminate_backend(active_pid, 5000) from pg_replication_slots where slot_name = '"
                + source.name() + "'");
    }
}
