// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.apply;

import io.tidemark.consumers.BatchHandler;
import io.tidemark.consumers.Event;
import io.tidemark.consumers.internal.database.BorrowedConnection;
import io.tidemark.consumers.internal.progress.ClaimResult;
import io.tidemark.consumers.internal.progress.ClaimResult.Claimed;
import io.tidemark.consumers.internal.progress.ProgressTable;
import io.tidemark.consumers.internal.progress.ProgressTable.Partition;
import io.tidemark.outbox.Position;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does jobs on the projection's database, each in one transaction. Called on worker threads. Promise: after
 * {@code Advanced}, effects and progress are committed together; after {@code Unreachable} or {@code SessionLost} that is
 * unknown; after any other outcome, no effect is committed.
 */
public final class Applier {

    private static final Logger LOG = LoggerFactory.getLogger(Applier.class);

    private final DataSource database;
    private final ProgressTable progress;
    private final BatchHandler handler;
    private final DeadLetterSender deadLetters;
    private final TopicIds topicIds;

    public Applier(
            DataSource database,
            ProgressTable progress,
            BatchHandler handler,
            DeadLetterSender deadLetters,
            TopicIds topicIds) {
        this.database = database;
        this.progress = progress;
        this.handler = handler;
        this.deadLetters = deadLetters;
        this.topicIds = topicIds;
    }

    /** What a transaction does before it is committed; an outcome other than success rolls it back. */
    @FunctionalInterface
    private interface Work {
        Outcome in(Connection connection) throws Exception;
    }

    /** @param abandoned whether another member may own the partition by now, so that committing is useless */
    public Outcome run(Partition partition, Job job, BooleanSupplier abandoned) {
        try {
            boolean isFirst = job instanceof Job.Claim || job instanceof Job.Start;
            String topic = partition.topic();
            return run(partition, job, abandoned, isFirst ? topicIds.now(topic) : topicIds.recent(topic));
        } catch (TopicIds.Unknown e) {
            return new Outcome.Unreachable(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Outcome.Unreachable(e);
        }
    }

    private Outcome run(Partition partition, Job job, BooleanSupplier abandoned, Optional<String> topicId) {
        if (job instanceof Job.Start start) {
            return transaction(connection -> {
                progress.start(connection, partition, topicId, start.nextOffset());
                return new Outcome.Started();
            });
        }
        if (job instanceof Job.Apply apply) {
            return transaction(connection -> {
                handler.apply(apply.events(), GuardedConnection.around(connection));
                return abandoned.getAsBoolean()
                        ? new Outcome.Lost()
                        : advance(connection, partition, topicId, apply.claimed(), apply.events());
            });
        }
        if (job instanceof Job.Pass pass) {
            return transaction(connection ->
                    advance(connection, partition, topicId, pass.claimed(), pass.nextOffset(), Optional.empty(), 0));
        }
        if (job instanceof Job.SendDeadLetter deadLetter) {
            return deadLetter(partition, topicId, deadLetter);
        }
        if (job instanceof Job.NoteCaughtUp note) {
            return transaction(connection -> progress.noteCaughtUp(connection, partition, note.claimed())
                    ? new Outcome.Noted()
                    : new Outcome.Lost());
        }
        return transaction(connection -> {
            ClaimResult result = progress.claim(connection, partition, topicId);
            return new Outcome.ClaimAnswered(result);
        });
    }

    private Outcome deadLetter(Partition partition, Optional<String> topicId, Job.SendDeadLetter job) {
        try {
            deadLetters.send(job);
        } catch (DeadLetterSender.NotSent e) {
            return new Outcome.Unreachable(e);
        } catch (DeadLetterSender.Unacceptable e) {
            return new Outcome.DeadLetterRefused(e);
        }
        Outcome outcome =
                transaction(connection -> advance(connection, partition, topicId, job.claimed(), List.of(job.event())));
        return outcome instanceof Outcome.Advanced advanced ? new Outcome.Advanced(advanced.claimed(), 0) : outcome;
    }

    private Outcome advance(
            Connection connection, Partition partition, Optional<String> topicId, Claimed claimed, List<Event> events)
            throws SQLException {
        Event last = events.get(events.size() - 1);
        long next = last.offset() + 1; // the record's, never the log's end: markers occupy offsets too
        return advance(connection, partition, topicId, claimed, next, legiblePosition(last), events.size());
    }

    /**
     * Nothing here depends on the position, so a bad one must not fail the event: it would fail again as a dead letter.
     */
    private static Optional<Position> legiblePosition(Event event) {
        try {
            return event.position();
        } catch (IllegalArgumentException e) {
            LOG.warn("event=position-illegible at={} reason=\"{}\"", event, e.getMessage());
            return Optional.empty();
        }
    }

    private Outcome advance(
            Connection connection,
            Partition partition,
            Optional<String> topicId,
            Claimed claimed,
            long next,
            Optional<Position> position,
            int applied)
            throws SQLException {
        return progress.advance(connection, partition, topicId, claimed, next, position)
                ? new Outcome.Advanced(new Claimed(next, claimed.epoch()), applied)
                : new Outcome.Lost();
    }

    @SuppressWarnings("CatchingUnchecked") // a pool may throw anything when it has no connection
    private Outcome transaction(Work work) {
        try (BorrowedConnection borrowed = BorrowedConnection.inTransaction(database)) {
            return transaction(borrowed.connection(), work);
        } catch (Exception e) {
            return new Outcome.Unreachable(e);
        }
    }

    @SuppressWarnings("CatchingUnchecked") // anything a handler throws is an outcome, and must be rolled back
    private static Outcome transaction(Connection connection, Work work) throws SQLException {
        try {
            Outcome outcome = work.in(connection);
            if (outcome instanceof Outcome.Lost) {
                connection.rollback();
            } else {
                connection.commit();
            }
            return outcome;
        } catch (Throwable e) {
            return switch (FailureRule.blame(e, connection)) {
                case EVENT -> rolledBack(connection, e, new Outcome.Refused(e));
                case NOBODY -> interruptedAgain(e, rolledBack(connection, e, new Outcome.Contended(e)));
                case JVM -> jvmFailed(connection, e);
                case SESSION -> new Outcome.SessionLost(e);
                case DATABASE -> new Outcome.Unreachable(e);
            };
        }
    }

    /** Called after the rollback, because some pools do not roll back for an interrupted thread. */
    private static Outcome interruptedAgain(Throwable failure, Outcome outcome) {
        if (FailureRule.isInterrupt(failure)) {
            Thread.currentThread().interrupt();
        }
        return outcome;
    }

    private static Outcome jvmFailed(Connection connection, Throwable failure) {
        VirtualMachineError error = Objects.requireNonNull(FailureRule.jvmError(failure));
        @Nullable SQLException lost = rollback(connection);
        if (lost != null) {
            error.addSuppressed(lost); // the connection's end rolls it back
        }
        return new Outcome.JvmFailed(error);
    }

    /** If even the rollback fails, the outcome is unknown. */
    private static Outcome rolledBack(Connection connection, Throwable reason, Outcome outcome) {
        @Nullable SQLException lost = rollback(connection);
        if (lost != null) {
            lost.addSuppressed(reason);
            return new Outcome.SessionLost(lost);
        }
        return outcome;
    }

    private static @Nullable SQLException rollback(Connection connection) {
        try {
            connection.rollback();
            return null;
        } catch (SQLException e) {
            return e;
        }
    }
}
