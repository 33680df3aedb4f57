// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.consumers.Inbox;
import io.tidemark.consumers.Inbox.Result;
import io.tidemark.consumers.Inbox.Unfinished;
import io.tidemark.it.harness.PgBouncer;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/** Effects outside the database happen once, or are reported as unknown. */
class InboxIT {

    private final AtomicInteger happened = new AtomicInteger();
    private ProjectionWorld world;
    private Inbox inbox;

    @BeforeEach
    void create() throws Exception {
        world = ProjectionWorld.create("inbox", 1);
        Inbox.create(world.database(world.url()));
        inbox = new Inbox(world.database(world.url()), "mailer", Duration.ofDays(1));
    }

    @AfterEach
    void drop() throws Exception {
        world.close();
    }

    @Test
    void doesNotRepeatAnEffectThatHasEnded() throws Exception {
        UUID event = UUID.randomUUID();

        Result first = inbox.once(event, Unfinished.REPEAT, happened::incrementAndGet);
        Result second = inbox.once(event, Unfinished.REPEAT, happened::incrementAndGet);

        assertThat(List.of(first, second)).containsExactly(Result.HAPPENED_NOW, Result.HAPPENED_BEFORE);
        assertThat(happened).hasValue(1);
    }

    @Test
    void retriesAnEffectThatFailed() throws Exception {
        UUID event = UUID.randomUUID();
        assertThatThrownBy(() -> inbox.once(event, Unfinished.LEAVE, () -> {
                    throw new IllegalStateException("no mail today");
                }))
                .hasMessage("no mail today");

        assertThat(inbox.once(event, Unfinished.LEAVE, happened::incrementAndGet))
                .isEqualTo(Result.HAPPENED_NOW);
    }

    @Test
    void repeatsOrLeavesAnInterruptedEffectAsTheCallerChooses() throws Exception {
        UUID event = UUID.randomUUID();
        assertThatThrownBy(() -> inbox.once(event, Unfinished.LEAVE, () -> {
            happened.incrementAndGet();
            world.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = '" + world.name()
                    + "' and pid <> pg_backend_pid()");
        }));

        assertThat(inbox.once(event, Unfinished.LEAVE, happened::incrementAndGet))
                .isEqualTo(Result.LEFT_UNFINISHED);
        assertThat(happened).hasValue(1);
        assertThat(inbox.once(event, Unfinished.REPEAT, happened::incrementAndGet))
                .isEqualTo(Result.HAPPENED_NOW);
    }

    @Test
    void makesTheEffectHappenInOneOfManyCalls() throws Exception {
        UUID event = UUID.randomUUID();
        ExecutorService threads = Executors.newFixedThreadPool(6);
        try {
            List<Future<Result>> results = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                results.add(threads.submit(() -> inbox.once(event, Unfinished.REPEAT, happened::incrementAndGet)));
            }
            for (Future<Result> result : results) {
                assertThat(result.get(60, TimeUnit.SECONDS)).isIn(Result.HAPPENED_NOW, Result.HAPPENED_BEFORE);
            }
            assertThat(happened).hasValue(1);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    @EnabledIf(value = "isPgBouncerInstalled", disabledReason = "no program pgbouncer on this machine")
    void makesEachEffectHappenOnceBehindATransactionPooler() throws Exception {
        try (PgBouncer pooler = PgBouncer.start(world.servers(), world.name())) {
            Inbox pooled = new Inbox(world.database(pooler.url(world.name())), "mailer", Duration.ofDays(1));

            eightThreadsDeal(pooled, 40);
        }
        assertThat(happened).hasValue(40);
        assertThat(world.query("select count(*) from tidemark_inbox where ended_at is not null"))
                .isEqualTo("40");
        assertThat(world.query(
                        "select count(*) from pg_locks l join pg_database d on d.oid = l.database where d.datname = '"
                                + world.name() + "' and (l.locktype = 'advisory' or l.mode like '%ExclusiveLock')"
                                + " and l.pid <> pg_backend_pid()"))
                .as("remaining locks")
                .isEqualTo("0");
    }

    static boolean isPgBouncerInstalled() {
        return PgBouncer.isInstalled();
    }

    /** Every thread handles every event, like group members that receive it twice. */
    private void eightThreadsDeal(Inbox with, int events) throws Exception {
        List<UUID> ids = Stream.generate(UUID::randomUUID).limit(events).toList();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<?>> done = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                done.add(threads.submit(() -> {
                    for (UUID id : ids) {
                        assertThat(with.once(id, Unfinished.REPEAT, happened::incrementAndGet))
                                .isIn(Result.HAPPENED_NOW, Result.HAPPENED_BEFORE);
                    }
                    return null;
                }));
            }
            for (Future<?> thread : done) {
                thread.get(120, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** The call is frozen between its two transactions, for longer than others wait for it. */
    @Test
    void doesNotBeginAnEffectAfterAnotherCallHasTakenTheEvent() throws Exception {
        UUID event = UUID.randomUUID();
        CountDownLatch isBegun = new CountDownLatch(1);
        CountDownLatch mayContinue = new CountDownLatch(1);
        DataSource freezing = FreezingDatabase.afterItsFirstCommit(world.database(world.url()), isBegun, mayContinue);
        Inbox frozen = new Inbox(freezing, "mailer", Duration.ofDays(1));
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            Future<Result> late = thread.submit(() -> frozen.once(event, Unfinished.LEAVE, happened::incrementAndGet));
            assertThat(isBegun.await(60, TimeUnit.SECONDS)).isTrue();

            assertThat(inbox.once(event, Unfinished.REPEAT, happened::incrementAndGet))
                    .isEqualTo(Result.HAPPENED_NOW);
            mayContinue.countDown();

            assertThat(late.get(60, TimeUnit.SECONDS)).isEqualTo(Result.HAPPENED_BEFORE);
            assertThat(happened).hasValue(1);
        } finally {
            mayContinue.countDown();
            thread.shutdownNow();
        }
    }

    @Test
    void recordsInTheCallersTransactionAndDeletesExpiredRows() throws Exception {
        UUID event = UUID.randomUUID();
        try (Connection connection = world.connect()) {
            connection.setAutoCommit(false);
            assertThat(inbox.note(connection, event)).isTrue();
            connection.rollback();
            assertThat(inbox.note(connection, event)).isTrue();
            assertThat(inbox.note(connection, event)).isFalse();
            connection.commit();

            assertThat(Inbox.forgetExpired(connection)).isZero();
            connection.commit();
            world.execute("update tidemark_inbox set expires_at = now() - interval '1 second'");
            assertThat(Inbox.forgetExpired(connection)).isEqualTo(1);
        }
    }
}
