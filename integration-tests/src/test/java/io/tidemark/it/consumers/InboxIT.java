package io.tidemark.it.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.consumers.Inbox;
import io.tidemark.consumers.Inbox.Result;
import io.tidemark.consumers.Inbox.Unfinished;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Effects outside the database happen once, or it is told that nobody knows. */
class InboxIT {

    private final AtomicInteger happened = new AtomicInteger();
    private ProjectionWorld world;
    private Inbox inbox;

    @BeforeEach
    void create() throws Exception {
        world = ProjectionWorld.create("inbox", 1);
        try (Connection connection = world.connect()) {
            Inbox.create(connection);
        }
        inbox = new Inbox(world.database(world.url()), "mailer", Duration.ofDays(1));
    }

    @AfterEach
    void drop() throws Exception {
        world.close();
    }

    @Test
    void anEffectThatHasEndedIsNotRepeated() throws Exception {
        UUID event = UUID.randomUUID();

        Result first = inbox.once(event, Unfinished.REPEAT, happened::incrementAndGet);
        Result second = inbox.once(event, Unfinished.REPEAT, happened::incrementAndGet);

        assertThat(List.of(first, second)).containsExactly(Result.HAPPENED_NOW, Result.HAPPENED_BEFORE);
        assertThat(happened).hasValue(1);
    }

    @Test
    void anEffectThatFailsIsForgottenAndTriedAgain() throws Exception {
        UUID event = UUID.randomUUID();
        assertThatThrownBy(() -> inbox.once(event, Unfinished.LEAVE, () -> {
                    throw new IllegalStateException("no mail today");
                }))
                .hasMessage("no mail today");

        assertThat(inbox.once(event, Unfinished.LEAVE, happened::incrementAndGet))
                .isEqualTo(Result.HAPPENED_NOW);
    }

    @Test
    void anEffectThatWasCutOffIsLeftOrRepeatedAsTheCallerChooses() throws Exception {
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
    void onlyOneOfManyMakesItHappen() throws Exception {
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
    void notesInTheCallersTransactionAndForgetsWhatHasExpired() throws Exception {
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
