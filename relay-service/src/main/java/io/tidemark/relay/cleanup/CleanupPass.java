package io.tidemark.relay.cleanup;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One round of the cleanup: make partitions ahead, drop those past retention, delete such rows from the default
 * partition. On the cleanup's thread. What goes was published before: first nobody can add to it any more, then a
 * barrier is written, and only when the relay has published the barrier it goes.
 */
final class CleanupPass {

    private static final Logger LOG = LoggerFactory.getLogger(CleanupPass.class);

    /** A relay that is away for so long needs the default partition. */
    private static final int DAYS_AHEAD = 7;
    /** Inserts wait while it is scanned: well under a second. */
    private static final long LARGEST_DEFAULT_BYTES = 256L * 1024 * 1024;

    private static final int ROWS_AT_ONCE = 10_000;
    /** A million rows in one pass: more than come in until the next one, mostly. */
    private static final int MOST_ROUNDS = 100;

    /** How long a partition stays locked at most for a relay that is behind. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final String MAKING = "make partitions";
    private static final String DROPPING = "drop and delete";
    private static final String DELETING = "delete from outbox.event_default";
    private static final String BEHIND = "the relay has not published all that is committed";

    private final SourceDatabase database;
    private final SourceIdentity identity;
    private final Duration retention;
    private final Supplier<Lsn> published;
    private final OncePerReason notices;

    /**
     * @param identity whose events {@code published} is about
     * @param published what the relay's present run has published
     */
    CleanupPass(
            SourceDatabase database,
            SourceIdentity identity,
            Duration retention,
            Supplier<Lsn> published,
            OncePerReason notices) {
        this.database = database;
        this.identity = identity;
        this.retention = retention;
        this.published = published;
        this.notices = notices;
    }

    void run() throws SourceNotReady, SQLException, InterruptedException {
        try (Connection session = connect()) {
            OutboxTable table = new OutboxTable(session);
            table.beImpatient();
            makeAhead(table);
            OffsetDateTime endingBy = table.ago(retention);
            List<String> old = table.partitionsUpTo(endingBy);
            if (old.isEmpty() && !table.hasOldRows(endingBy)) {
                return;
            }
            try (Connection other = connect()) {
                PublishedBarrier barrier = new PublishedBarrier(() -> database.nudge(other), published, PATIENCE);
                if (!barrier.pass()) { // a relay that is behind: no lock is worth trying
                    notices.postponed(DROPPING, BEHIND);
                    return;
                }
                notices.done(DROPPING);
                for (String partition : old) {
                    drop(session, barrier, partition, endingBy);
                }
                deleteOldRows(session, barrier, endingBy);
            }
        }
    }

    /** What another server has committed, say after a failover, is not covered by what was published of this one. */
    private Connection connect() throws SourceNotReady, SQLException {
        Connection connection = database.connect("cleanup");
        try {
            SourceIdentity found = database.identity(connection);
            if (!found.equals(identity)) {
                throw new SourceNotReady(
                        "postgres.url leads to " + found + " now, and the events come from " + identity);
            }
            return connection;
        } catch (SourceNotReady | SQLException e) {
            connection.close();
            throw e;
        }
    }

    private void makeAhead(OutboxTable table) {
        try {
            for (OutboxTable.Made made : table.makePartitions(DAYS_AHEAD, LARGEST_DEFAULT_BYTES)) {
                String work = "make " + made.partition();
                switch (made.outcome()) {
                    case "made" -> LOG.info("event=partition-made partition={}", made.partition());
                    case "rows-in-default" ->
                        notices.postponed(work, "outbox.event_default already holds rows of that day; they stay there");
                    case "default-too-large" ->
                        notices.postponed(
                                work, "inserts would wait while outbox.event_default is scanned; it is too large");
                    default -> notices.postponed(work, "there is another table of that name");
                }
            }
            notices.done(MAKING);
        } catch (SQLException e) {
            notices.postponed(MAKING, e);
        }
    }

    private void drop(Connection session, PublishedBarrier barrier, String partition, OffsetDateTime endingBy)
            throws SQLException, InterruptedException {
        String work = "drop " + partition;
        OutboxTable table = new OutboxTable(session);
        session.setAutoCommit(false);
        try {
            table.lock(partition, endingBy);
            if (!barrier.pass()) {
                notices.postponed(work, BEHIND);
            } else if (dropIfFree(session, table, partition, endingBy)) {
                session.commit();
                LOG.info("event=partition-dropped partition={}", partition);
                notices.done(work);
            } else {
                boolean hadRows = table.empty(partition, endingBy);
                session.commit();
                if (hadRows) {
                    LOG.info("event=partition-emptied partition={}", partition);
                }
                notices.postponed(work, "open transactions hold outbox.event; until they end it stays, but empty");
            }
        } catch (SQLException e) {
            notices.postponed(work, e);
        } finally {
            session.rollback();
            session.setAutoCommit(true);
        }
    }

    /** Dropping waits for every transaction that has inserted anything, and makes new ones wait behind itself. */
    private static boolean dropIfFree(Connection session, OutboxTable table, String partition, OffsetDateTime endingBy)
            throws SQLException {
        Savepoint locked = session.setSavepoint();
        try {
            table.drop(partition, endingBy);
            return true;
        } catch (SQLException e) {
            if (!OncePerReason.LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
                throw e;
            }
            session.rollback(locked);
            return false;
        }
    }

    /**
     * A transaction for each round: its first query fixes which rows it sees, then comes the barrier, and only rows it
     * sees are deleted, not those committed meanwhile.
     */
    private void deleteOldRows(Connection session, PublishedBarrier barrier, OffsetDateTime endingBy)
            throws SQLException, InterruptedException {
        OutboxTable table = new OutboxTable(session);
        long deleted = 0;
        session.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        session.setAutoCommit(false);
        try {
            for (int round = 0; round < MOST_ROUNDS; round++) {
                if (!table.hasOldRows(endingBy)) {
                    notices.done(DELETING);
                    break;
                }
                if (!barrier.pass()) {
                    notices.postponed(DELETING, BEHIND);
                    break;
                }
                deleted += table.deleteOldRows(endingBy, ROWS_AT_ONCE);
                session.commit();
            }
        } catch (SQLException e) {
            notices.postponed(DELETING, e);
        } finally {
            session.rollback();
            session.setAutoCommit(true);
            if (deleted > 0) {
                LOG.info("event=old-rows-deleted partition=outbox.event_default rows={}", deleted);
            }
        }
    }
}
