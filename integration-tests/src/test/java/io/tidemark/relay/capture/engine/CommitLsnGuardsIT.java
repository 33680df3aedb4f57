// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.capture.Change;
import java.io.StringReader;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.postgresql.PGConnection;

/**
 * Checks the LSNs of commits and logical messages: {@code lastReceivedLsn()} at a COMMIT is the end of its commit
 * record (an XLogData header of the server, passed on by pgjdbc and Debezium), and at a message the end of the message.
 */
class CommitLsnGuardsIT {

    private TestSource source;

    @BeforeEach
    void createSource() throws Exception {
        source = TestSource.create("commits");
        source.execute("create extension pg_walinspect", "create table other (n int primary key)");
    }

    @AfterEach
    void dropSource() throws Exception {
        source.close();
    }

    private interface Work {
        void run(OpenTransaction transaction) throws Exception;
    }

    private enum Shape {
        ONE_ROW(1, transaction -> transaction.publish("x")),
        ROWS_OF_ONE_STATEMENT(
                50,
                transaction -> transaction.execute(
                        "select outbox.publish('order', 'a', 'changed', n::text) from generate_series(1, 50) n")),
        COPY(30, transaction -> copy(transaction.connection(), 30)),
        LARGER_THAN_THE_SERVERS_MEMORY(
                3000,
                transaction -> transaction.execute(
                        "set local logical_decoding_work_mem = '64kB'",
                        "select outbox.publish('order', 'a', 'changed', repeat('x', 300)) from generate_series(1, 3000)")),
        SUBTRANSACTIONS(100, transaction -> {
            for (int i = 0; i < 100; i++) {
                transaction.execute("savepoint s").publish("x").execute("release s");
            }
        }),
        PARTLY_ROLLED_BACK(
                2,
                transaction -> transaction
                        .publish("kept")
                        .execute("savepoint s")
                        .publish("gone")
                        .execute("rollback to s")
                        .publish("kept")),
        ASYNCHRONOUS(
                1,
                transaction -> transaction
                        .execute("set local synchronous_commit = off")
                        .publish("x")),
        WITH_DDL(
                1,
                transaction -> transaction
                        .execute("create table made (n int primary key)")
                        .publish("x")
                        .execute("drop table made")),
        WITH_OTHER_TABLES(
                1,
                transaction -> transaction
                        .execute("insert into other select generate_series(1, 500)")
                        .publish("x")
                        .execute("delete from other")),
        WITH_MESSAGES(
                1,
                transaction -> transaction
                        .execute("select pg_logical_emit_message(true, 'app', 'before')")
                        .publish("x")
                        .execute("select pg_logical_emit_message(true, 'app', 'after')")),
        WITH_A_NOTIFICATION(1, transaction -> transaction.publish("x").execute("notify somebody, 'x'")),
        EMITTED_BESIDE_ROWS(
                4,
                transaction -> transaction
                        .publish("x")
                        .execute("select outbox.emit('order', 'a', 'changed', 'x')")
                        .publish("x")
                        .execute("select outbox.emit('order', 'a', 'changed', '\\xff'::bytea)")),
        ONLY_EMITTED(
                3000,
                transaction -> transaction.execute(
                        "set local logical_decoding_work_mem = '64kB'",
                        "select outbox.emit('order', 'a', 'changed', repeat('x', 300)) from generate_series(1, 3000)")),
        ONLY_A_MESSAGE(0, transaction -> transaction.execute("select pg_logical_emit_message(true, 'app', 'alone')")),
        ;

        private final int events;
        private final Work work;

        Shape(int events, Work work) {
            this.events = events;
            this.work = work;
        }

        private static void copy(Connection connection, int rows) throws Exception {
            connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn(
                            "copy outbox.event (aggregate_type, aggregate_id, event_type, payload) from stdin",
                            new StringReader("order\ta\tcopied\tx\n".repeat(rows)));
        }
    }

    @ParameterizedTest
    @EnumSource(Shape.class)
    void commitLsnIsTheEndOfTheCommitRecord(Shape shape) throws Exception {
        List<Lsn> commitRecords = new ArrayList<>();
        List<Change> changes;
        try (CapturedStream stream = CapturedStream.start(source)) {
            for (int i = 0; i < 5; i++) {
                try (OpenTransaction transaction = OpenTransaction.begin(source)) {
                    shape.work.run(transaction);
                    commitRecords.add(transaction.commit());
                }
            }

            changes = stream.readToNow();
        }

        assertThat(commits(changes)).isEqualTo(commitRecords);
        assertThat(eventsPerCommit(changes)).hasSize(5).containsOnly(shape.events);
        assertThat(changes).noneMatch(Change.Barrier.class::isInstance);
    }

    private static List<Lsn> commits(List<Change> changes) {
        return changes.stream()
                .filter(Change.Commit.class::isInstance)
                .map(change -> ((Change.Commit) change).commitLsn())
                .toList();
    }

    private static List<Integer> eventsPerCommit(List<Change> changes) {
        List<Integer> counts = new ArrayList<>();
        int events = 0;
        for (Change change : changes) {
            if (change instanceof CapturedEvent) {
                events++;
            } else if (change instanceof Change.Commit) {
                counts.add(events);
                events = 0;
            }
        }
        return counts;
    }

    @Test
    void transactionsArriveWholeAndInCommitOrder() throws Exception {
        Lsn second;
        Lsn first;
        List<Change> changes;
        try (CapturedStream stream = CapturedStream.start(source);
                OpenTransaction slow = OpenTransaction.begin(source);
                OpenTransaction fast = OpenTransaction.begin(source)) {
            slow.publish("slow 1");
            fast.publish("fast 1");
            slow.publish("slow 2");
            fast.publish("fast 2");
            first = fast.commit();
            second = slow.publish("slow 3").commit();

            changes = stream.readToNow();
        }

        assertThat(CapturedStream.payloads(changes)).containsExactly("fast 1", "fast 2", "slow 1", "slow 2", "slow 3");
        assertThat(((Change.Commit) changes.get(2)).commitLsn()).isEqualTo(first);
        assertThat(((Change.Commit) changes.get(6)).commitLsn()).isEqualTo(second);
        assertThat(changes).hasSize(7);
    }

    @Test
    void transactionsWithoutEventsAreNotDelivered() throws Exception {
        List<Change> changes;
        try (CapturedStream stream = CapturedStream.start(source);
                OpenTransaction rolledBack = OpenTransaction.begin(source);
                OpenTransaction emptied = OpenTransaction.begin(source)) {
            source.execute("insert into other values (1)");
            rolledBack.publish("gone").connection().rollback();
            emptied.execute("savepoint s")
                    .publish("gone")
                    .execute("rollback to s")
                    .commit();

            changes = stream.readToNow();
        }

        assertThat(changes).isEmpty();
    }

    @Test
    void nudgeArrivesAsBarrierAtTheLsnItReturned() throws Exception {
        List<Change> changes;
        Lsn nudge;
        try (CapturedStream stream = CapturedStream.start(source)) {
            source.execute("select outbox.publish('order', 'a', 'changed', 'before'::text)");
            nudge = Lsn.parse(source.query("select outbox.nudge()::text"));
            source.execute("select outbox.publish('order', 'a', 'changed', 'after'::text)");

            changes = stream.readToNow();
        }

        assertThat(changes).hasSize(5).element(2).isEqualTo(new Change.Barrier(nudge));
        assertThat(((Change.Commit) changes.get(1)).commitLsn()).isLessThan(nudge);
        assertThat(((Change.Commit) changes.get(4)).commitLsn()).isGreaterThan(nudge);
    }

    @Test
    void barriersAreNeverInsideATransaction() throws Exception {
        List<Change> changes;
        Lsn commit;
        try (CapturedStream stream = CapturedStream.start(source);
                OpenTransaction open = OpenTransaction.begin(source)) {
            open.publish("1");
            source.query("select outbox.nudge()::text");
            open.publish("2").execute("select pg_logical_emit_message(false, 'app', 'from inside')");
            commit = open.publish("3").commit();

            changes = stream.readToNow();
        }

        assertThat(changes.subList(0, 2)).allMatch(Change.Barrier.class::isInstance);
        assertThat(CapturedStream.payloads(changes.subList(2, 5))).containsExactly("1", "2", "3");
        assertThat(changes)
                .last()
                .isInstanceOfSatisfying(
                        Change.Commit.class,
                        last -> assertThat(last.commitLsn()).isEqualTo(commit));
    }
}
