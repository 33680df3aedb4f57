// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.CommandRun;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.Servers;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.EventHeaders;
import io.tidemark.outbox.Migration;
import io.tidemark.relay.health.RelayState.Phase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

/** Rows that are inserted while {@code tidemark init} creates the slot. Each is old, or the slot delivers it, once. */
class ExistingRowsRaceIT {

    private static final int WRITERS = 8;
    private static final int ROWS_BEFORE = 200;
    private static final int ROWS_AFTER = 200;

    private final AtomicBoolean stopping = new AtomicBoolean();
    private final AtomicInteger written = new AtomicInteger();

    @RepeatedTest(6)
    void everyRowIsOldOrDeliveredByTheSlot(RepetitionInfo repetition) throws Exception {
        try (TestSource source = TestSource.bare("race", Servers.shared())) {
            source.execute(Migration.ALL.stream().map(Migration::sql).toArray(String[]::new));
            source.execute("create table public.business (n bigint)");
            String config = source.configFile().toString();
            ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
            List<Future<?>> writers = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                int writer = i;
                long seed = 31L * repetition.getCurrentRepetition() + i;
                writers.add(threads.submit(() -> {
                    write(source, writer, new Random(seed));
                    return null;
                }));
            }
            await("rows before").until(() -> written.get() > ROWS_BEFORE);

            try (Connection connection = source.connect()) {
                source.installation().install(connection);
            }

            int then = written.get();
            await("rows after").until(() -> written.get() > then + ROWS_AFTER);
            stopping.set(true);
            threads.shutdown();
            for (Future<?> writer : writers) {
                writer.get(60, TimeUnit.SECONDS);
            }
            Set<String> committed = ids(source, "select id::text from outbox.event");
            Set<String> old = ids(source, "select id from outbox.backlog");
            CommandRun published = CommandRun.of("init", config, "--existing", "publish");
            assertThat(published.exitCode()).as(published.output()).isZero();
            List<ReadEvent> events;
            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
                // a last row after all of them; without it, the test would wait for a lost row
                String last = source.query("select outbox.publish('order', 'last', 'Last', 'x')");
                committed.add(last);
                events = TopicReader.readUntil(
                        source.servers(),
                        source.name() + ".",
                        read -> read.stream().anyMatch(event -> event.id().equals(last)));
                assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
            }
            List<String> read = events.stream().map(ReadEvent::id).toList();
            Set<String> replayed = new HashSet<>(events.stream()
                    .filter(event -> event.headers().containsKey(EventHeaders.REPLAYED))
                    .map(ReadEvent::id)
                    .toList());

            assertThat(read).as("once each").doesNotHaveDuplicates();
            assertThat(new HashSet<>(read)).isEqualTo(committed);
            assertThat(replayed).isEqualTo(old);
            assertThat(old).hasSizeBetween(ROWS_BEFORE / 2, committed.size() - ROWS_AFTER / 2);
        }
    }

    /** Half of them have a transaction id before they insert, and savepoints, some of which are rolled back. */
    private void write(TestSource source, int writer, Random random) throws SQLException {
        String insert = "select outbox.publish('order', '" + writer + "', 'Placed', 'x')";
        try (Connection connection = source.connect();
                Statement statement = connection.createStatement()) {
            for (int n = 0; !stopping.get(); n++) {
                if (writer % 2 == 0) {
                    statement.execute(insert);
                    written.incrementAndGet();
                    continue;
                }
                connection.setAutoCommit(false);
                statement.execute("insert into business values (" + n + ")");
                statement.execute(insert);
                statement.execute("savepoint s");
                statement.execute(insert);
                boolean undone = random.nextInt(3) == 0;
                statement.execute(undone ? "rollback to s" : "release s");
                statement.execute("select pg_sleep(" + random.nextInt(5) / 1000.0 + ")");
                connection.commit();
                connection.setAutoCommit(true);
                written.addAndGet(undone ? 1 : 2);
            }
        }
    }

    private static Set<String> ids(TestSource source, String sql) throws SQLException {
        Set<String> ids = new HashSet<>();
        try (Connection connection = source.connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            while (row.next()) {
                ids.add(row.getString(1));
            }
        }
        return ids;
    }
}
