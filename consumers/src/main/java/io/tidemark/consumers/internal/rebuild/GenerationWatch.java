// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.rebuild;

import io.tidemark.consumers.Projection;
import io.tidemark.consumers.RunnerSnapshot.Rebuild;
import io.tidemark.consumers.RunnerSnapshot.Role;
import io.tidemark.consumers.internal.database.BorrowedConnection;
import io.tidemark.consumers.internal.progress.Generations;
import io.tidemark.consumers.internal.progress.ProgressTable.Partition;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks every second which generation is read, and switches to the runner's generation when possible. On its own
 * thread, because a switch waits for the workers. A role only advances: from building to read to replaced.
 */
public final class GenerationWatch implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(GenerationWatch.class);
    private static final Duration INTERVAL = Duration.ofSeconds(1);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

    private static final String MISSING_TABLES = "; no event is applied before the tables exist: call"
            + " ProjectionTables.create(dataSource), or add ProjectionTables.sql() to the migrations";

    private final Projection projection;
    private final DataSource database;
    private final Generations generations;
    private final Switchover switchover;
    private final Runnable onNewRole;
    private final Thread thread;
    private final CountDownLatch closing = new CountDownLatch(1);

    private volatile Role role = Role.UNKNOWN;
    private volatile String trouble = "its role is not known yet";
    private volatile Optional<Rebuild> rebuild = Optional.empty();
    private volatile Set<Partition> partitions = Set.of();

    /** @param onNewRole called on the watch's thread */
    public GenerationWatch(Projection projection, DataSource database, Runnable onNewRole) {
        this.projection = projection;
        this.database = database;
        this.generations = new Generations(projection.name());
        this.switchover = new Switchover(projection, generations);
        this.onNewRole = onNewRole;
        this.thread = new Thread(this::run, "projection-" + projection.name() + "-generation");
        thread.setDaemon(true);
    }

    public void start() {
        thread.start();
    }

    private void run() {
        try {
            do {
                look();
            } while (!closing.await(INTERVAL.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closing during a switch, which is rolled back
        }
    }

    @SuppressWarnings("CatchingUnchecked") // a pool or a driver may throw anything, and the watch continues
    private void look() throws InterruptedException {
        try (BorrowedConnection borrowed = BorrowedConnection.autoCommitting(database)) {
            Connection connection = borrowed.connection();
            int read = generations.register(connection, projection.generation());
            if (read < projection.generation() && !partitions.isEmpty()) {
                Switchover.RebuildProgress progress = switchover.progress(connection, read, partitions);
                rebuild = Optional.of(progress.toRebuild(read));
                if (switchover.isWorthAnAttempt(progress) && switchover.attempt(connection, partitions)) {
                    read = projection.generation();
                }
            }
            trouble = "";
            enter(read);
        } catch (SQLException | RuntimeException | Error e) {
            String failure = e + (isTableMissing(e) ? MISSING_TABLES : "");
            if (!failure.equals(trouble)) {
                LOG.warn("event=generation-not-read projection={} reason=\"{}\"", projection.name(), failure);
            }
            trouble = failure;
        }
    }

    private static boolean isTableMissing(Throwable failure) {
        return failure instanceof SQLException sql && "42P01".equals(sql.getSQLState());
    }

    private void enter(int read) {
        Role next = read == projection.generation()
                ? Role.READ
                : read < projection.generation() ? Role.BUILDING : Role.REPLACED;
        if (next == Role.READ) {
            rebuild = Optional.empty();
        }
        if (next == Role.REPLACED) {
            trouble = Generations.replacement(projection.name(), projection.generation(), read);
        }
        if (next != role) {
            LOG.info(
                    "event=role projection={} generation={} role={} read={}",
                    projection.name(),
                    projection.generation(),
                    next,
                    read);
            role = next;
            onNewRole.run();
        }
    }

    /** The partitions that a generation must have built before it can be read. */
    public void saw(Set<Partition> all) {
        partitions = all;
    }

    public Role role() {
        return role;
    }

    /** Why the role is not known, or which generation replaced it; empty otherwise. */
    public String trouble() {
        return trouble;
    }

    /** The progress of a generation that is being built. */
    public Optional<Rebuild> rebuild() {
        return rebuild;
    }

    /** Stops checking and keeps the last state. Returns immediately. */
    public void end() {
        closing.countDown();
    }

    /** A switch in progress is rolled back, or has been committed. */
    @Override
    public void close() throws InterruptedException {
        end();
        thread.interrupt();
        thread.join(CLOSE_TIMEOUT.toMillis());
    }
}
