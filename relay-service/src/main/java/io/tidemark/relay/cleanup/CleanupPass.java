// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One round of the cleanup: make partitions ahead, drop those past retention, delete such rows from the default
 * partition. On the cleanup's thread. Only published rows are removed. First they are protected from additions, then a
 * barrier is written. They are removed only when the relay has published the barrier.
 */
final class CleanupPass {

    private static final Logger LOG = LoggerFactory.getLogger(CleanupPass.class);

    /** If the relay is away for longer than this, writers need the default partition. */
    private static final int DAYS_AHEAD = 7;
    /** Inserts wait while it is scanned: well under a second. */
    private static final long LARGEST_DEFAULT_BYTES = 256L * 1024 * 1024;

    /** Maximum time that a partition stays locked for a relay that is behind. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final String MAKING = "make partitions";
    private static final String DROPPING = "drop and delete";
    static final String BEHIND = "the relay has not published all that is committed";

    private final SourceDatabase database;
    private final SourceIdentity identity;
    private final Duration retention;
    private final Supplier<Lsn> published;
    private final OncePerReason notices;
    private final RowAudit audit;
    private final PartitionDrop partitions;
    private final DefaultDays defaultDays;

    /**
     * @param identity the database that {@code published} is about
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
        this.partitions = new PartitionDrop(audit, notices);
        this.defaultDays = new DefaultDays(audit, notices);
    }

    void run() throws SourceNotReady, SQLException, InterruptedException {
        try (Connection session = connect()) {
            OutboxTable table = new OutboxTable(session);
            table.beImpatient();
            makeAhead(table);
            OffsetDateTime endingBy = table.ago(retention);
            LocalDate before = endingBy.withOffsetSameInstant(ZoneOffset.UTC).toLocalDate();
            List<OldPartition> old = table.partitionsUpTo(endingBy);
            if (old.isEmpty()
                    && table.oldDayInDefault(DefaultDays.FIRST_DAY, before).isEmpty()) {
                return;
            }
            try (Connection other = connect()) {
                PublishedBarrier barrier = new PublishedBarrier(() -> database.nudge(other), published, PATIENCE);
                if (!barrier.pass()) { // the relay is behind: no lock is worth trying
                    notices.postponed(DROPPING, BEHIND);
                    return;
                }
                notices.done(DROPPING);
                partitions.onlyThose(old);
                for (OldPartition partition : old) {
                    partitions.drop(session, barrier, partition, endingBy);
                }
                Set<LocalDate> days = defaultDays.deleteOldDays(session, barrier, before);
                audit.onlyThose(
                        day -> days.contains(day) || old.stream().anyMatch(partition -> partition.mayHaveRowsOf(day)));
            }
        }
    }

    /**
     * What was published from this server does not cover what another server has committed, for example after a
     * failover.
     */
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
}
