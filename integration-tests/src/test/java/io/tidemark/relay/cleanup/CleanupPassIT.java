// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Migration;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import java.sql.Connection;
import java.sql.Statement;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One pass on a real server, with a relay that has published exactly what the test defines. */
class CleanupPassIT {

    private static final Lsn EVERYTHING = Lsn.parse("FFFFFFFF/FFFFFFFF");

    private OldOutbox outbox;
    private TestSource source;

    @BeforeEach
    void create() throws Exception {
        outbox = OldOutbox.create("pass");
        source = outbox.source();
    }

    @AfterEach
    void drop() throws Exception {
        outbox.close();
    }

    /**
     * The published LSN for this number of barriers: before each barrier nothing, and everything once it is there.
     * After that, nothing. {@code atTheLast} runs during the wait for the last barrier.
     */
    private static Supplier<Lsn> publishes(int barriers, Runnable atTheLast) {
        int[] looks = {0};
        return () -> {
            looks[0]++;
            if (looks[0] == 2 * barriers) {
                atTheLast.run();
            }
            return looks[0] % 2 == 0 && looks[0] <= 2 * barriers ? EVERYTHING : Lsn.ZERO;
        };
    }

    private static Supplier<Lsn> publishes(int barriers) {
        return publishes(barriers, () -> {});
    }

    @Test
    void dropsOnlyBehindABarrier() throws Exception {
        String old = outbox.makePartition(10);
        outbox.publish("a", 10);

        outbox.pass(publishes(0)).run();
        assertThat(outbox.rows(old)).isEqualTo(1);
        outbox.pass(publishes(1)).run(); // not again, once the partition is locked
        assertThat(outbox.rows(old)).isEqualTo(1);
        outbox.pass(publishes(2)).run();
        assertThat(outbox.exists(old)).isFalse();
    }

    @Test
    void deletesFromTheDefaultPartitionOnlyBehindABarrier() throws Exception {
        outbox.publish("a", 10);
        outbox.publish("young", 1);

        outbox.pass(publishes(0)).run();
        outbox.pass(publishes(1)).run();
        assertThat(outbox.rows("outbox.event_default")).isEqualTo(2);
        outbox.pass(publishes(2)).run();
        assertThat(source.query("select aggregate_id from only outbox.event_default"))
                .isEqualTo("young");
        assertThat(outbox.rows("outbox.event_default")).isEqualTo(1);
    }

    /** The barrier does not cover a row that is committed during the wait for it. */
    @Test
    void deletesOnlyRowsThatWereCommittedBeforeTheBarrier() throws Exception {
        outbox.publish("before", 10);

        outbox.pass(publishes(2, () -> {
                    try {
                        outbox.publish("meanwhile", 10);
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                }))
                .run();

        assertThat(source.query("select string_agg(aggregate_id, ',') from only outbox.event_default"))
                .isEqualTo("meanwhile");
    }

    @Test
    void deletesInRoundsUntilNoOldRowsAreLeft() throws Exception {
        source.execute("insert into outbox.event (aggregate_type, aggregate_id, event_type, created_at)"
                + " select 'order', 'a', 't', '2001-01-01' from generate_series(1, 25000)");

        outbox.pass(publishes(4)).run();

        assertThat(outbox.rows("outbox.event_default")).isZero();
    }

    @Test
    void keepsAPartitionWithAnUncountedRow() throws Exception {
        String old = outbox.makePartition(10);
        outbox.publish("counted", 10);
        FixedAccounts accounts = new FixedAccounts(source);
        outbox.publish("left-out", 10);

        outbox.pass(publishes(10), accounts).run();

        assertThat(outbox.rows(old)).isEqualTo(2);
        assertThat(accounts.standing.unaccounted())
                .singleElement()
                .satisfies(found -> assertThat(found.rows()).isEqualTo(1));
        source.execute("delete from outbox.event where aggregate_id = 'left-out'");
        outbox.pass(publishes(10), accounts).run();
        assertThat(outbox.exists(old)).isFalse();
        assertThat(accounts.standing.unaccounted()).isEmpty();
        assertThat(accounts.standing.accountedUpTo()).isPresent();
    }

    @Test
    void keepsAPartitionWithTheCountedNumberOfDifferentRows() throws Exception {
        String old = outbox.makePartition(10);
        outbox.publish("counted", 10);
        FixedAccounts accounts = new FixedAccounts(source);
        source.execute("delete from outbox.event where aggregate_id = 'counted'");
        outbox.publish("left-out", 10);

        outbox.pass(publishes(10), accounts).run();

        assertThat(outbox.rows(old)).isEqualTo(1);
    }

    @Test
    void keepsOnlyDaysWithUncountedRowsInTheDefaultPartition() throws Exception {
        outbox.publish("counted", 10);
        outbox.publish("other-day", 11);
        FixedAccounts accounts = new FixedAccounts(source);
        outbox.publish("left-out", 10);

        outbox.pass(publishes(10), accounts).run();

        assertThat(outbox.rows("outbox.event_default")).isEqualTo(2);
        assertThat(source.query("select count(*) from outbox.event where aggregate_id = 'other-day'"))
                .isEqualTo("0");
    }

    @Test
    void createsNoPartitionForADayWithRowsInTheDefaultPartition() throws Exception {
        outbox.dropPartition(0);
        outbox.dropPartition(-3);
        outbox.publish("a", 0);

        outbox.pass(publishes(0)).run();
        outbox.publish("b", 0);

        assertThat(outbox.exists(outbox.partition(0))).isFalse();
        assertThat(outbox.exists(outbox.partition(-3))).isTrue();
        assertThat(outbox.rows("outbox.event_default")).isEqualTo(2);
    }

    @Test
    void emptiesAPartitionThatOpenTransactionsKeepFromBeingDropped() throws Exception {
        String old = outbox.makePartition(10);
        outbox.publish("a", 10);
        try (Connection writer = source.connect();
                Statement statement = writer.createStatement()) {
            writer.setAutoCommit(false);
            statement.execute(outbox.insert("open", 0));

            outbox.pass(publishes(2)).run();

            assertThat(source.query("select pg_relation_size('" + old + "')")).isEqualTo("0");
            writer.commit();
        }
        outbox.pass(publishes(2)).run();

        assertThat(outbox.exists(old)).isFalse();
        assertThat(outbox.rows(outbox.partition(0))).isEqualTo(1);
    }

    /** With ATTACH PARTITION it fails: "new row for relation event_default violates partition constraint". */
    @Test
    void insertThatWaitsForANewPartitionIsStoredThere() throws Exception {
        ExecutorService other = Executors.newSingleThreadExecutor();
        outbox.dropPartition(-7);
        try (Connection maker = source.connect();
                Statement statement = maker.createStatement()) {
            maker.setAutoCommit(false);
            statement.execute("select * from outbox.make_partitions(7)");
            Future<?> insert = other.submit(() -> {
                outbox.publish("waits", -7);
                return null;
            });
            await().until(() -> source.query("select count(*) from pg_locks where not granted and database ="
                            + " (select oid from pg_database where datname = current_database())")
                    .equals("1"));

            maker.commit();

            insert.get(30, TimeUnit.SECONDS);
            assertThat(outbox.rows(outbox.partition(-7))).isEqualTo(1);
        } finally {
            other.shutdown();
        }
    }

    @Test
    void doesNothingOnAnotherServerThanTheSource() throws Exception {
        String old = outbox.makePartition(10);
        CleanupPass elsewhere = new CleanupPass(
                source.database(),
                new SourceIdentity(source.sourceId(), "1", source.name(), 1),
                OldOutbox.RETENTION,
                publishes(2),
                new FixedAccounts(source),
                new OncePerReason());

        assertThatThrownBy(elsewhere::run)
                .isInstanceOf(SourceNotReady.class)
                .hasMessageContaining("leads to")
                .hasMessageContaining("events come from");
        CleanupPass aheadOfTheWal = outbox.pass(() -> EVERYTHING);
        assertThatThrownBy(aheadOfTheWal::run).hasMessageContaining("not the server the events came from");

        assertThat(outbox.exists(old)).isTrue();
    }

    @Test
    void migratesAnOutboxInUse() throws Exception {
        source.execute("drop publication tidemark", "drop schema outbox cascade");
        source.execute(Migration.BASE.sql(), Migration.TABLE.sql());
        outbox.publish("before", 0);
        outbox.publish("ahead", -2);

        source.execute(Migration.PARTITIONS.sql());
        outbox.publish("after", 0);
        outbox.publish("tomorrow", -1);

        assertThat(outbox.rows("outbox.event_default")).isEqualTo(3);
        assertThat(outbox.rows(outbox.partition(-1))).isEqualTo(1);
        assertThat(source.query("select string_agg(made_name || ' ' || outcome, ', ') from outbox.make_partitions(7)"))
                .isEqualTo(outbox.partition(0) + " rows-in-default, " + outbox.partition(-2) + " rows-in-default");
    }
}
