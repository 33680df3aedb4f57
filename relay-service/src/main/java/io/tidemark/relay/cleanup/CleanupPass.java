package io.tidemark.relay.cleanup;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.account.DayDigest;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.Duration;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
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

    /** What differs is read again when what is accounted for has changed, or after so long. */
    private static final long COMPARE_AGAIN_NANOS = TimeUnit.MINUTES.toNanos(10);

    /** So many are read again under the lock, in a moment; of more, only the number is. */
    private static final long FEW_ROWS = 50_000;

    private static final int ROWS_AT_ONCE = 10_000;

    /** How long a partition stays locked at most for a relay that is behind. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final String MAKING = "make partitions";
    private static final String DROPPING = "drop and delete";
    private static final String DELETING = "delete from outbox.event_default";
    private static final LocalDate FIRST_DAY = LocalDate.ofEpochDay(0);
    private static final String BEHIND = "the relay has not published all that is committed";

    private final SourceDatabase database;
    private final SourceIdentity identity;
    private final Duration retention;
    private final Supplier<Lsn> published;
    private final OncePerReason notices;
    private final RowAudit audit;
    /** Partitions whose rows are not all accounted for, and what was accounted for then. */
    private final Map<String, Refusal> refusals = new HashMap<>();

    private record Refusal(SortedMap<LocalDate, DayDigest> accounted, long atNanos) {}

    /**
     * @param identity whose events {@code published} is about
     * @param published what the relay's present run has published
     * @param accounts of the same run: what is published is counted
     */
    CleanupPass(
            SourceDatabase database,
            SourceIdentity identity,
            Duration retention,
            Supplier<Lsn> published,
            Accounts accounts,
            OncePerReason notices) {
        this.database = database;
        this.identity = identity;
        this.retention = retention;
        this.published = published;
        this.notices = notices;
        this.audit = new RowAudit(accounts);
    }

    void run() throws SourceNotReady, SQLException, InterruptedException {
        try (Connection session = connect()) {
            OutboxTable table = new OutboxTable(session);
            table.beImpatient();
            makeAhead(table);
            OffsetDateTime endingBy = table.ago(retention);
            LocalDate before = endingBy.withOffsetSameInstant(ZoneOffset.UTC).toLocalDate();
            List<OldPartition> old = table.partitionsUpTo(endingBy);
            if (old.isEmpty() && table.oldDayInDefault(FIRST_DAY, before).isEmpty()) {
                return;
            }
            try (Connection other = connect()) {
                PublishedBarrier barrier = new PublishedBarrier(() -> database.nudge(other), published, PATIENCE);
                if (!barrier.pass()) { // a relay that is behind: no lock is worth trying
                    notices.postponed(DROPPING, BEHIND);
                    return;
                }
                notices.done(DROPPING);
                refusals.keySet().retainAll(old.stream().map(OldPartition::name).toList());
                for (OldPartition partition : old) {
                    drop(session, barrier, partition, endingBy);
                }
                deleteOldDays(session, barrier, before);
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

    private void drop(Connection session, PublishedBarrier barrier, OldPartition partition, OffsetDateTime endingBy)
            throws SourceNotReady, SQLException, InterruptedException {
        String name = partition.name();
        String work = "drop " + name;
        OutboxTable table = new OutboxTable(session);
        try {
            Optional<Rows> before = worthLocking(session, barrier, partition, work);
            if (before.isEmpty()) {
                return;
            }
            session.setAutoCommit(false);
            table.lock(name, endingBy);
            Optional<Rows> rows = Optional.empty();
            if (!barrier.pass()) {
                notices.postponed(work, BEHIND);
            } else {
                rows = accountedFor(session, partition, before.get(), work);
            }
            if (rows.isEmpty()) {
                return;
            }
            if (dropIfFree(session, table, name, endingBy)) {
                session.commit();
                audit.deleted(rows.get().inPartition());
                LOG.info("event=partition-dropped partition={}", name);
                notices.done(work);
            } else {
                boolean hadRows = table.empty(name, endingBy);
                session.commit();
                audit.deleted(rows.get().inPartition());
                if (hadRows) {
                    LOG.info("event=partition-emptied partition={}", name);
                }
                notices.postponed(work, "open transactions hold outbox.event; until they end it stays, but empty");
            }
        } catch (SQLException e) {
            notices.postponed(work, e);
        } finally {
            if (!session.getAutoCommit()) {
                session.rollback();
                session.setAutoCommit(true);
            }
        }
    }

    /** @param ofDays of every day that the partition has rows of; more than its own where it has a part of a day */
    private record Rows(SortedMap<LocalDate, DayDigest> inPartition, SortedMap<LocalDate, DayDigest> ofDays) {

        long count() {
            return inPartition.values().stream().mapToLong(DayDigest::rows).sum();
        }
    }

    /**
     * Reads the rows without any lock: many take long.
     *
     * @return empty when some are known to be unaccounted for, and it is told
     */
    private Optional<Rows> worthLocking(
            Connection session, PublishedBarrier barrier, OldPartition partition, String work)
            throws SourceNotReady, SQLException, InterruptedException {
        Refusal before = refusals.get(partition.name());
        if (before != null
                && System.nanoTime() - before.atNanos() < COMPARE_AGAIN_NANOS
                && before.accounted()
                        .equals(audit.accountedFor(before.accounted().keySet()))) {
            return Optional.empty();
        }
        Rows rows = read(session, partition);
        if (rows.count() <= FEW_ROWS || audit.matches(rows.ofDays())) {
            return Optional.of(rows); // few are read once more under the lock, which tells what differs for certain
        }
        rows = read(session, partition);
        if (!barrier.pass()) {
            notices.postponed(work, BEHIND);
            return Optional.empty();
        }
        return isAccountedFor(rows, partition, work) ? Optional.of(rows) : Optional.empty();
    }

    /**
     * Nobody can write to the partition any more, and everything in it is published.
     *
     * @param before what was in it before it was locked
     * @return what is in it now, when every row is accounted for; else empty, and it is told
     */
    private Optional<Rows> accountedFor(Connection session, OldPartition partition, Rows before, String work)
            throws SourceNotReady, SQLException, InterruptedException {
        long count = new TableDigest(session).count(partition.from(), partition.to());
        if (count <= FEW_ROWS) {
            Rows now = read(session, partition);
            return isAccountedFor(now, partition, work) ? Optional.of(now) : Optional.empty();
        }
        if (count == before.count() && audit.matches(before.ofDays())) {
            return Optional.of(before);
        }
        notices.postponed(work, "rows came in while they were compared with what is in Kafka");
        return Optional.empty();
    }

    private boolean isAccountedFor(Rows rows, OldPartition partition, String work) throws SourceNotReady {
        Optional<String> difference = audit.judge(rows.ofDays());
        if (difference.isEmpty()) {
            refusals.remove(partition.name());
            return true;
        }
        refusals.put(
                partition.name(), new Refusal(audit.accountedFor(rows.ofDays().keySet()), System.nanoTime()));
        notices.postponed(work, difference.get());
        return false;
    }

    private static Rows read(Connection session, OldPartition partition) throws SQLException, InterruptedException {
        TableDigest table = new TableDigest(session);
        SortedMap<LocalDate, DayDigest> inPartition = table.inSlices(partition.from(), partition.to());
        SortedMap<LocalDate, DayDigest> ofDays = new TreeMap<>(inPartition);
        for (LocalDate day : partition.partialDays()) {
            if (ofDays.containsKey(day)) {
                ofDays.putAll(table.inSlices(TableDigest.startOf(day), TableDigest.startOf(day.plusDays(1))));
            }
        }
        return new Rows(inPartition, ofDays);
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
     * A transaction for each day: its first query fixes which rows it sees, then comes the barrier, and only rows it
     * sees are deleted, not those committed meanwhile.
     */
    private void deleteOldDays(Connection session, PublishedBarrier barrier, LocalDate before)
            throws SourceNotReady, SQLException, InterruptedException {
        OutboxTable table = new OutboxTable(session);
        long deleted = 0;
        session.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        session.setAutoCommit(false);
        try {
            Optional<LocalDate> day = table.oldDayInDefault(FIRST_DAY, before);
            while (day.isPresent()) {
                if (!barrier.pass()) {
                    notices.postponed(DELETING, BEHIND);
                    return;
                }
                if (!audit.matches(ofDay(session, day.get()))) { // some may have come in meanwhile: look again
                    session.rollback();
                    table.oldDayInDefault(day.get(), before);
                    if (!barrier.pass()) {
                        notices.postponed(DELETING, BEHIND);
                        return;
                    }
                }
                deleted += deleteDay(session, table, day.get());
                session.rollback(); // what was not committed has not happened, and the next day sees anew
                day = table.oldDayInDefault(day.get().plusDays(1), before);
            }
            notices.done(DELETING);
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

    private static Map<LocalDate, DayDigest> ofDay(Connection session, LocalDate day) throws SQLException {
        return Map.of(day, new TableDigest(session).ofDay(day, "outbox.event"));
    }

    private long deleteDay(Connection session, OutboxTable table, LocalDate day) throws SourceNotReady, SQLException {
        String work = "delete " + day + " from outbox.event_default";
        Optional<String> difference = audit.judge(ofDay(session, day));
        if (difference.isPresent()) {
            notices.postponed(work, difference.get());
            return 0;
        }
        DayDigest rows = new TableDigest(session).ofDay(day, "only outbox.event_default");
        long deleted = 0;
        long more;
        do {
            more = table.deleteOldRows(day, ROWS_AT_ONCE);
            deleted += more;
        } while (more > 0);
        session.commit();
        audit.deleted(Map.of(day, rows));
        notices.done(work);
        return deleted;
    }
}
