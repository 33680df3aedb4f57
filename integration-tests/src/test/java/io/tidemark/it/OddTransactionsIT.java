// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.Evidence;
import io.tidemark.it.harness.OpenWrites;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.health.RelayState.Phase;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Transactions that are long, nested, mostly rolled back, or have no inserts. */
class OddTransactionsIT {

    private TestSource source;

    @BeforeEach
    void create() throws Exception {
        source = TestSource.create("odd");
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    private Evidence check(RunningRelay relay) throws Exception {
        Evidence evidence = Evidence.gather(source);
        evidence.check(relay.state().toString());
        assertThat(evidence.committed()).isNotEmpty();
        assertThat(evidence.read()).noneMatch(event -> event.key().startsWith("gone"));
        return evidence;
    }

    @Test
    void publishesALongTransactionThatSpansRestarts() throws Exception {
        try (OpenWrites open = OpenWrites.begin(source);
                OpenWrites older = OpenWrites.begin(source)) {
            older.execute("select pg_current_xact_id()");
            open.event("long");
            for (int restart = 0; restart < 4; restart++) {
                RunningRelay relay = RunningRelay.startAndAwait(source.configuration());
                for (int i = 0; i < 25; i++) {
                    OpenWrites.commitOne(source, "short-" + i % 5);
                    open.event("long"); // starts where the short one's commit ends
                    open.execute("savepoint s").events("gone", 2).execute("rollback to s");
                    open.event("short-" + i % 5);
                }
                older.event("short-1");
                Evidence.gather(source).check("open, restart " + restart);
                if (restart % 2 == 0) {
                    relay.cutOff();
                } else {
                    relay.close();
                }
            }
            open.commit();
            OpenWrites.commitOne(source, "short-1");
            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
                older.commit();

                assertThat(check(relay).committed()).hasSize(100 + 1 + 200 + 4 + 1);
            }
        }
    }

    /**
     * Above 64 subtransactions, a session's list of them overflows. With this little memory, the server spills them.
     */
    @Test
    void publishesATransactionWithHundredsOfSubtransactions() throws Exception {
        source.execute("alter database " + source.name() + " set logical_decoding_work_mem = '64kB'");
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration());
                OpenWrites flat = OpenWrites.begin(source);
                OpenWrites nested = OpenWrites.begin(source)) {
            for (int i = 0; i < 300; i++) {
                boolean isKept = i % 3 != 0;
                flat.execute("savepoint s")
                        .event(isKept ? "flat" : "gone-flat")
                        .execute(isKept ? "release s" : "rollback to s");
                nested.execute("savepoint s" + i).event(i < 200 ? "nested" : "gone-nested");
                if (i % 50 == 0) {
                    OpenWrites.commitOne(source, "short");
                }
            }
            nested.execute("rollback to s200")
                    .event("nested")
                    .execute("release s100")
                    .event("nested");
            flat.commit();
            nested.commit();

            assertThat(check(relay).committed()).hasSize(200 + 202 + 6);
        }
    }

    @Test
    void publishesNothingOfRolledBackRows() throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration());
                OpenWrites emptied = OpenWrites.begin(source);
                OpenWrites rolledBack = OpenWrites.begin(source)) {
            emptied.execute("savepoint s").events("gone", 500).execute("rollback to s");
            rolledBack.events("gone", 500);
            OpenWrites.commitOne(source, "a");
            emptied.commit();
            rolledBack.rollback();
            Lsn nudge = Lsn.parse(source.query("select outbox.nudge()::text"));

            await().until(() -> relay.state().published().compareTo(nudge) >= 0);
            OpenWrites.commitOne(source, "a");
            assertThat(check(relay).committed()).hasSize(2);
        }
    }

    @Test
    void ignoresAndCountsUpdatesDeletesAndTruncates() throws Exception {
        source.execute("alter publication tidemark set (publish = 'insert, update, delete, truncate')");
        try (RelayProcess relay = RelayProcess.start(source).awaitRunning();
                OpenWrites writes = OpenWrites.begin(source)) {
            assertThat(relay.get("/v1/source").path("ignoredChanges").asLong(-1))
                    .isZero();
            writes.events("a", 10).commit();
            writes.event("b")
                    .execute("update outbox.event set payload = 'changed' where aggregate_id = 'a'")
                    .event("a")
                    .execute("delete from outbox.event where aggregate_id = 'a'")
                    .event("b")
                    .commit();
            OpenWrites.commitOne(source, "a");
            source.execute("truncate outbox.event");
            OpenWrites.commitOne(source, "b");

            Evidence evidence = Evidence.gather(source);

            evidence.check("with a publication of everything");
            assertThat(evidence.committed()).hasSize(15);
            assertThat(evidence.read())
                    .allSatisfy(event -> assertThat(event.text()).startsWith("payload"));
            await().untilAsserted(() -> assertThat(
                            relay.get("/v1/source").path("ignoredChanges").asLong())
                    .isEqualTo(10 + 11 + 1));
            assertThat(relay.output()).contains("event=changes-ignored");
            assertThatThrownBy(() ->
                            writes.execute("update outbox.event set created_at = created_at - interval '40 days'"))
                    .hasMessageContaining("created_at cannot be changed");
        }
    }

    /** Before anything was published. A later change halts the relay: PublicationChangedIT. */
    @Test
    void rejectsAPublicationThatLeavesOutRowsOrColumns() throws Exception {
        source.execute("alter publication tidemark set table outbox.event where (event_type <> 'secret')");
        try (RunningRelay relay = RunningRelay.start(source.configuration())) {
            assertThat(relay.awaitPhase(Phase.RETRYING).reason())
                    .contains("leaves out rows", "alter publication tidemark set table outbox.event");
            source.execute("alter publication tidemark set table outbox.event (id, aggregate_type)");
            await().until(() -> String.valueOf(relay.state().reason()).contains("leaves out columns"));
            source.execute("alter publication tidemark set table outbox.event");
            relay.awaitPhase(Phase.RUNNING);
            OpenWrites.commitOne(source, "a");

            check(relay);
        }
    }

    /** As docs/operations.md promises for the default heap. The message is not ours; Debezium reads it as a whole. */
    @Test
    void survivesAMessageOfAnotherProgramOf30MegabytesInASmallHeap() throws Exception {
        try (RelayProcess relay = RelayProcess.start(source).awaitRunning()) {
            source.execute("select pg_logical_emit_message(true, 'other', repeat('x', 30000000))");
            OpenWrites.commitOne(source, "behind");
            Lsn behind = Lsn.parse(source.query("select outbox.nudge()::text"));

            await().until(() -> relay.published().isAtLeast(behind));

            Evidence.gather(source).check(relay.output());
            assertThat(relay.output()).containsOnlyOnce("event=state state=running");
        }
    }
}
