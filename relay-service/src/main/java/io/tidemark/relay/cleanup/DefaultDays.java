// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import io.tidemark.relay.account.DayDigest;
import io.tidemark.relay.source.SourceNotReady;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes days past their retention from the default partition, when each of their rows is accounted for. On the
 * cleanup's thread.
 */
final class DefaultDays {

    private static final Logger LOG = LoggerFactory.getLogger(DefaultDays.class);

    static final LocalDate FIRST_DAY = LocalDate.ofEpochDay(0);
    private static final int ROWS_AT_ONCE = 10_000;
    private static final String DELETING = "delete from outbox.event_default";

    private final RowAudit audit;
    private final OncePerReason notices;

    DefaultDays(RowAudit audit, OncePerReason notices) {
        this.audit = audit;
        this.notices = notices;
    }

    /**
     * Uses one transaction for each day. Its first query fixes which rows it sees, then comes the barrier. Only visible
     * rows are deleted, not those committed meanwhile.
     *
     * @return the days that had rows
     */
    Set<LocalDate> deleteOldDays(Connection session, PublishedBarrier barrier, LocalDate before)
            throws SourceNotReady, SQLException, InterruptedException {
        OutboxTable table = new OutboxTable(session);
        Set<LocalDate> days = new HashSet<>();
        long deleted = 0;
        session.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        session.setAutoCommit(false);
        try {
            Optional<LocalDate> day = table.oldDayInDefault(FIRST_DAY, before);
            while (day.isPresent()) {
                days.add(day.get());
                if (!barrier.pass()) {
                    notices.postponed(DELETING, CleanupPass.BEHIND);
                    return days;
                }
                if (!audit.matches(ofDay(session, day.get()))) { // rows may have been added meanwhile: read again
                    session.rollback();
                    table.oldDayInDefault(day.get(), before);
                    if (!barrier.pass()) {
                        notices.postponed(DELETING, CleanupPass.BEHIND);
                        return days;
                    }
                }
                deleted += deleteDay(session, table, day.get());
                session.rollback(); // nothing was committed, so nothing happened; the next day gets a new snapshot
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
        return days;
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
