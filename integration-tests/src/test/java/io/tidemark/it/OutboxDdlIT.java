// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.Evidence;
import io.tidemark.it.harness.CommandRun;
import io.tidemark.it.harness.OpenWrites;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.it.harness.Workload;
import io.tidemark.relay.health.RelayState.Phase;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code outbox.event} is altered while events are being published. The WAL keeps every row as it was written. */
class OutboxDdlIT {

    private TestSource source;

    @BeforeEach
    void create() throws Exception {
        source = TestSource.create("ddl");
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    /** Waiting for the lock would make a writer with two sessions wait for itself. */
    private void whenFree(String ddl) {
        await(ddl).until(() -> {
            try {
                source.execute("set lock_timeout = '100ms'", ddl);
                return true;
            } catch (SQLException e) {
                if ("55P03".equals(e.getSQLState())) {
                    return false;
                }
                throw e;
            }
        });
    }

    private void check(RunningRelay relay, int events) throws Exception {
        Evidence evidence = Evidence.gather(source);
        evidence.check(relay.state().toString());
        assertThat(evidence.committed()).hasSize(events);
    }

    private String haltReason(RunningRelay relay) {
        return String.valueOf(relay.awaitPhase(Phase.HALTED).reason());
    }

    private void awaitReadable(int events) {
        assertThat(TopicReader.readUntil(source.servers(), source.name() + ".", read -> read.size() >= events))
                .hasSize(events);
    }

    @Test
    void ignoresAddedColumnsBetweenAndInsideTransactions() throws Exception {
        try (OpenWrites writes = OpenWrites.begin(source)) {
            writes.events("a", 50).commit();
            writes.event("a")
                    .execute("alter table outbox.event add column before_the_start text default 'x'")
                    .event("a")
                    .commit();
            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
                writes.event("a")
                        .execute("alter table outbox.event add column tenant text not null default 'x'")
                        .event("a")
                        // writes every row of the table again
                        .execute("alter table outbox.event add column random uuid default gen_random_uuid()")
                        .event("a")
                        .execute("savepoint s", "alter table outbox.event add column undone int")
                        .event("gone")
                        .execute("rollback to s")
                        .event("a")
                        .commit();
                writes.event("a")
                        .execute("alter table outbox.event drop column tenant")
                        .event("a")
                        .commit();

                check(relay, 58);
            }
        }
    }

    @Test
    void publishesWhileColumnsAreAddedAndDropped() throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            try (Workload workload = Workload.start(source, 11, 3, 20)) {
                for (int i = 0; i < 8; i++) {
                    whenFree("alter table outbox.event add column extra_" + i + " text default 'x'");
                    whenFree("alter table outbox.event drop column extra_" + i);
                }
            }
            Evidence.gather(source).check("-seed=11, " + relay.state());
        }
    }

    @Test
    void publishesAfterColumnsChangeTheirTypes() throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration());
                OpenWrites writes = OpenWrites.begin(source)) {
            writes.events("a", 20).commit();
            writes.event("a")
                    .execute("alter table outbox.event alter column payload type varchar")
                    .event("a")
                    // these two write every row of the table again
                    .execute("alter table outbox.event alter column aggregate_id type varchar(1024)")
                    .event("a")
                    .execute("alter table outbox.event alter column payload type bytea"
                            + " using convert_to(payload, 'UTF8')")
                    .commit();
            source.execute("with event as (insert into outbox.event (aggregate_type, aggregate_id, event_type, payload)"
                    + " values ('order', 'bytes', 't', '\\x00ff') returning id) insert into audit.entry (event_id,"
                    + " aggregate_id) select id, 'bytes' from event");
            writes.execute("delete from outbox.event where aggregate_id = 'bytes'")
                    .execute("alter table outbox.event alter column payload type text using convert_from(payload,"
                            + " 'UTF8')")
                    .event("a")
                    .commit();

            check(relay, 25);
            assertThat(TopicReader.readAll(source.servers(), source.name() + "."))
                    .filteredOn(event -> event.key().equals("bytes"))
                    .singleElement()
                    .satisfies(event -> assertThat(event.value()).containsExactly(0, 0xff));
        }
    }

    @Test
    void haltsAtADroppedColumnAndLosesNothingOnceItIsRestored() throws Exception {
        try (OpenWrites writes = OpenWrites.begin(source)) {
            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
                writes.event("a").commit();
                writes.event("a")
                        .execute("alter table outbox.event drop column tracestate")
                        .event("a")
                        .commit();
                writes.event("a").commit();

                assertThat(haltReason(relay)).contains("no column tracestate any more; add it again");
                awaitReadable(1);
            }
            try (RunningRelay relay = RunningRelay.start(source.configuration())) {
                assertThat(haltReason(relay)).contains("no column tracestate any more; add it again");
                writes.execute("alter table outbox.event add column tracestate text")
                        .event("a")
                        .commit();

                relay.awaitPhase(Phase.RUNNING);
                check(relay, 5);
                writes.execute("alter table outbox.event drop column tracestate")
                        .event("a")
                        .commit();
                assertThat(haltReason(relay)).contains("no column tracestate any more");
                awaitReadable(5);
            }
        }
    }

    @Test
    void continuesAfterARenamedUnusedColumnHasItsNameAgain() throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration());
                OpenWrites writes = OpenWrites.begin(source)) {
            writes.event("a").commit();
            source.execute("alter table outbox.event rename column payload to body");
            source.execute("alter table outbox.event rename column body to payload");
            writes.event("a").commit();

            check(relay, 2);
        }
    }

    /** The row has its payload under another name. Publishing it without payload would lose the payload. */
    @Test
    void haltsAtRowsWrittenToARenamedColumnUntilTheyAreLeftOutAndReplaysThem() throws Exception {
        String config = source.configFile().toString();
        try (OpenWrites writes = OpenWrites.begin(source)) {
            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
                writes.event("a").commit();
                String renamed = "insert into outbox.event (aggregate_type, aggregate_id, event_type, body)"
                        + " values ('order', 'a', 't', 'x')";
                source.execute("alter table outbox.event rename column payload to body", renamed, renamed);
                assertThat(haltReason(relay)).contains("no column payload any more", "give it its name back");
            }
            source.execute("alter table outbox.event rename column body to payload");
            writes.event("a").commit();
            try (RunningRelay relay = RunningRelay.start(source.configuration())) {
                String first = haltReason(relay);
                assertThat(first)
                        .contains("cannot be published", "has its column payload again", "with the columns", "body");
                awaitReadable(1);
                CommandRun.adoptAsAdvised(first, config);
                String second = await("the halt at the other row")
                        .until(() -> haltReason(relay), reason -> !reason.equals(first));
                awaitReadable(1);
                CommandRun.adoptAsAdvised(second, config);
                relay.awaitPhase(Phase.RUNNING);
                awaitReadable(2);

                CommandRun replay = await("an audit of all rows")
                        .until(
                                () -> CommandRun.of("replay", config, "--unaccounted", "--yes"),
                                run -> run.exitCode() == 0);

                assertThat(replay.output()).contains("2 events were published");
                awaitReadable(4);
            }
        }
    }
}
