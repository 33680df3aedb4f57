// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.rebuild;

import io.tidemark.consumers.Projection;
import io.tidemark.consumers.RunnerSnapshot;
import io.tidemark.consumers.internal.progress.Generations;
import io.tidemark.consumers.internal.progress.Generations.Progress;
import io.tidemark.consumers.internal.progress.ProgressTable.Partition;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a generation the one that is read, in one transaction. It holds the older generation, and the newer one catches
 * up with it. Everything that could be read before can be read afterwards. Called by the watch's thread.
 */
final class Switchover {

    private static final Logger LOG = LoggerFactory.getLogger(Switchover.class);

    /** Maximum time that the older generation is held. Commits of its writers wait meanwhile. */
    private static final Duration LONGEST_HOLD = Duration.ofSeconds(2);

    private static final long PAUSE_MILLIS = 5;
    /** Maximum number of batches that may be missing, in all partitions together, before an attempt. */
    private static final int NEAR_BATCHES = 2;

    private final Projection projection;
    private final Generations generations;
    private final SwitchBackoff backoff = new SwitchBackoff();

    /**
     * The progress over all partitions and members.
     *
     * @param caughtUp number of partitions that are near the end of their topic
     * @param behind offsets that the generation that is read has applied and this one has not
     * @param missing the partitions that have not caught up, each with its next offset
     */
    record RebuildProgress(int partitions, int caughtUp, long behind, Map<Partition, Long> missing, int maxBatch) {

        boolean isNear() {
            return caughtUp == partitions && behind <= (long) NEAR_BATCHES * maxBatch;
        }

        boolean isComplete() {
            return caughtUp == partitions && behind == 0;
        }

        RunnerSnapshot.Rebuild toRebuild(int read) {
            return new RunnerSnapshot.Rebuild(read, partitions, caughtUp, behind);
        }
    }

    Switchover(Projection projection, Generations generations) {
        this.projection = projection;
        this.generations = generations;
    }

    /** @param all every partition of its topics */
    RebuildProgress progress(Connection connection, int read, Set<Partition> all) throws SQLException {
        Map<Partition, Progress> old = generations.progressOf(connection, read);
        Map<Partition, Progress> built = generations.progressOf(connection, projection.generation());
        Set<Partition> needed = new HashSet<>(old.keySet());
        needed.removeIf(partition -> !projection.topics().contains(partition.topic()));
        needed.addAll(all);
        int caughtUp = 0;
        long behind = 0;
        Map<Partition, Long> missing = new HashMap<>();
        for (Partition partition : needed) {
            Progress mine = built.getOrDefault(partition, Progress.NONE);
            Progress its = old.getOrDefault(partition, Progress.NONE);
            caughtUp += mine.isCaughtUp() ? 1 : 0;
            behind += mine.behind(its);
            if (!mine.isCaughtUp() || mine.behind(its) > 0) {
                missing.put(partition, mine.nextOffset());
            }
        }
        return new RebuildProgress(needed.size(), caughtUp, behind, missing, projection.maxBatch());
    }

    /** Whether the generation is near enough, and has changed since the last failed attempt. */
    boolean isWorthAnAttempt(RebuildProgress progress) {
        return progress.isNear() && backoff.allowsAttempt(progress.missing(), System.nanoTime());
    }

    /**
     * Attempts the switch. The connection is in auto-commit mode before and after.
     *
     * @return whether it is read from now on
     */
    boolean attempt(Connection connection, Set<Partition> all) throws SQLException, InterruptedException {
        connection.setAutoCommit(false);
        Map<Partition, Long> missing = Map.of();
        boolean isDone = false;
        try {
            OptionalInt read = generations.lock(connection);
            if (read.isEmpty() || read.getAsInt() >= projection.generation()) {
                return false; // another member was faster, or a newer generation
            }
            generations.fence(connection, read.getAsInt());
            RebuildProgress progress = afterCatchingUp(connection, read.getAsInt(), all);
            if (!progress.isComplete()) {
                missing = progress.missing();
                LOG.info(
                        "event=switch-put-off projection={} held={} missing={}",
                        projection.name(),
                        LONGEST_HOLD,
                        missing);
                return false;
            }
            generations.activate(connection, projection.generation());
            connection.commit();
            isDone = true;
            LOG.info(
                    "event=switched projection={} from={} to={}",
                    projection.name(),
                    read.getAsInt(),
                    projection.generation());
            return true;
        } finally {
            if (!isDone) {
                backoff.failed(missing, System.nanoTime());
            }
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }

    /** The older generation is held now, while the workers continue. */
    private RebuildProgress afterCatchingUp(Connection connection, int read, Set<Partition> all)
            throws SQLException, InterruptedException {
        long deadline = System.nanoTime() + LONGEST_HOLD.toNanos();
        RebuildProgress progress = progress(connection, read, all);
        while (!progress.isComplete() && System.nanoTime() - deadline < 0) {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            progress = progress(connection, read, all);
        }
        return progress;
    }
}
