// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import io.tidemark.relay.account.DayDigest;
import io.tidemark.relay.source.SourceNotReady;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drops one partition past its retention, when each of its rows is accounted for. Under a lock, no rows can be added to
 * it. Then come the barrier and the comparison, and only then the partition is dropped. On the cleanup's thread.
 */
final class PartitionDrop {

    private static final Logger LOG = LoggerFactory.getLogger(PartitionDrop.class);

    /** Rows that differ are read again when the accounts have changed, or after this time. */
    private static final long COMPARE_AGAIN_NANOS = TimeUnit.MINUTES.toNanos(10);
    /** Up to this number, rows are read again under the lock, which takes a moment. More rows are only counted. */
    private static final long FEW_ROWS = 50_000;

    private final RowAudit audit;
    private final OncePerReason notices;
    /** Partitions whose rows are not all accounted for, and what was accounted for then. */
    private final Map<String, Refusal> refusals = new HashMap<>();

    private record Refusal(SortedMap<LocalDate, DayDigest> accounted, long atNanos) {}

    PartitionDrop(RowAudit audit, OncePerReason notices) {
        this.audit = audit;
        this.notices = notices;
    }

    /** Forgets all partitions except these. */
    void onlyThose(List<OldPartition> partitions) {
        refusals.keySet().retainAll(partitions.stream().map(OldPartition::name).toList());
    }

    void drop(Connection session, PublishedBarrier barrier, OldPartition partition, OffsetDateTime endingBy)
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
                notices.postponed(work, CleanupPass.BEHIND);
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

    /**
     * @param ofDays of every day of which the partition has rows; includes other partitions' rows where this one holds
     *     part of a day
     */
    private record Rows(SortedMap<LocalDate, DayDigest> inPartition, SortedMap<LocalDate, DayDigest> ofDays) {

        long count() {
            return inPartition.values().stream().mapToLong(DayDigest::rows).sum();
        }
    }

    /**
     * Reads the rows without any lock: reading many takes long.
     *
     * @return empty when some are known to be unaccounted for, which is logged
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
            return Optional.of(rows); // reading again under the lock shows for certain what differs
        }
        rows = read(session, partition);
        if (!barrier.pass()) {
            notices.postponed(work, CleanupPass.BEHIND);
            return Optional.empty();
        }
        return isAccountedFor(rows, partition, work) ? Optional.of(rows) : Optional.empty();
    }

    /**
     * Compares once no more writes to the partition are possible, and everything in it is published.
     *
     * @param before the partition's rows before it was locked
     * @return the partition's present rows, if every row is accounted for; otherwise empty, which is logged
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

    /** Dropping waits for every transaction that has inserted anything, and makes new ones wait behind it. */
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
}
