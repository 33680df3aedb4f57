// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.account;

import java.time.Instant;
import java.time.LocalDate;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Counts the rows that go into the open Kafka transaction, and keeps what Kafka has. The publishing thread counts; the
 * cleanup reads, and subtracts what it has deleted. An attempt that is not committed leaves nothing behind.
 */
public final class AuditTally {

    /**
     * All days are written at least once in this many commits, so a reader of the record need not look back further.
     */
    static final int COMMITS_PER_RECORD = 1_000;
    /**
     * 64 KiB of record. The oldest days are dropped first; rows that are not counted stay in the table until an audit
     * settles them.
     */
    static final int MOST_DAYS = 1_000;

    private static final long MILLIS_PER_DAY = TimeUnit.DAYS.toMillis(1);

    private final boolean counts;
    private final IdHash hash = new IdHash();

    /** Counts of the open Kafka transaction, by epoch day: rows and sum. */
    private final Map<Long, long[]> open = new HashMap<>();

    private long lastDay;
    private long @Nullable [] lastCell;

    private AuditRecord committed;
    /** The day that the position has carried since the last record of all days. */
    private @Nullable LocalDate carriedDay;

    private int commitsSinceRecord;
    /**
     * How often {@link #forget} was called in all, and before the record that Kafka has; -1 if no such record is of
     * this run.
     */
    private int forgets;

    private int forgetsInRecord = -1;
    /** The last result of {@link #records}. */
    private @Nullable Offer offer;

    private record Offer(AuditRecord all, @Nullable LocalDate carries, boolean isWhole, int forgets) {}

    private AuditTally(boolean counts, AuditRecord committed) {
        this.counts = counts;
        this.committed = committed;
    }

    /** @param committed what Kafka has at the resume point */
    public static AuditTally from(AuditRecord committed) {
        return new AuditTally(true, committed);
    }

    /** The tally for a table that is not ours, whose rows are not ours to delete. */
    public static AuditTally none() {
        return new AuditTally(false, AuditRecord.beginning(Instant.EPOCH));
    }

    /** A Kafka transaction begins; counts that the last one had not committed are dropped. */
    public void begin() {
        open.clear();
        lastCell = null;
    }

    /** The row was sent, as an event or as a dead letter. */
    public void add(String id, long createdAtMillis) {
        if (!counts) {
            return;
        }
        long day = Math.floorDiv(createdAtMillis, MILLIS_PER_DAY);
        long[] cell = lastCell;
        if (cell == null || day != lastDay) {
            cell = open.computeIfAbsent(day, unused -> new long[2]);
            lastDay = day;
            lastCell = cell;
        }
        cell[0]++;
        cell[1] += hash.of(id);
    }

    /**
     * What goes into the open Kafka transaction.
     *
     * @param carried into the position
     * @param record of all days, when it is due
     */
    public record Records(Optional<CarriedDay> carried, Optional<AuditRecord> record) {}

    /** The records of the open Kafka transaction, as they hold if it is committed. */
    public synchronized Records records() {
        if (!counts) {
            return new Records(Optional.empty(), Optional.empty());
        }
        boolean isWhole = isRecordDue();
        LocalDate carries = isWhole ? busiestDay() : carriedDay;
        AuditRecord all = withOpen(committed);
        offer = new Offer(all, carries, isWhole, forgets);
        return new Records(
                Optional.ofNullable(carries).map(day -> new CarriedDay(day, all.of(day))),
                isWhole ? Optional.of(all) : Optional.empty());
    }

    /** Kafka has the last result of {@link #records}. */
    public synchronized void committed() {
        Offer made = offer;
        if (!counts || made == null) {
            return;
        }
        committed = withOpen(committed); // the cleanup may have called forget meanwhile
        if (made.isWhole()) {
            carriedDay = made.carries();
            forgetsInRecord = made.forgets();
            commitsSinceRecord = 0;
        } else {
            commitsSinceRecord++;
        }
        offer = null;
        begin();
    }

    private boolean isRecordDue() {
        return forgets != forgetsInRecord
                || commitsSinceRecord >= COMMITS_PER_RECORD
                || open.keySet().stream()
                        .anyMatch(day -> !LocalDate.ofEpochDay(day).equals(carriedDay));
    }

    /** Usually today; the previously carried day when there is nothing new. */
    private @Nullable LocalDate busiestDay() {
        return open.entrySet().stream()
                .max(Comparator.comparingLong(entry -> entry.getValue()[0]))
                .map(entry -> LocalDate.ofEpochDay(entry.getKey()))
                .orElse(carriedDay);
    }

    private AuditRecord withOpen(AuditRecord record) {
        if (open.isEmpty()) {
            return record;
        }
        TreeMap<LocalDate, DayDigest> days = new TreeMap<>(record.days());
        open.forEach(
                (day, cell) -> days.merge(LocalDate.ofEpochDay(day), new DayDigest(cell[0], cell[1]), DayDigest::plus));
        while (days.size() > MOST_DAYS) {
            days.pollFirstEntry();
        }
        return new AuditRecord(record.since(), days);
    }

    /** When the counting began. */
    public synchronized Instant since() {
        return committed.since();
    }

    /** What Kafka has for that day. On any thread. */
    public synchronized DayDigest of(LocalDate day) {
        return committed.of(day);
    }

    /** These rows are no longer in the table. On any thread; Kafka has it with the next transaction. */
    public synchronized void forget(LocalDate day, DayDigest deleted) {
        TreeMap<LocalDate, DayDigest> days = new TreeMap<>(committed.days());
        DayDigest left = committed.of(day).minus(deleted);
        if (left.isNone()) {
            days.remove(day);
        } else {
            days.put(day, left);
        }
        committed = new AuditRecord(committed.since(), days);
        forgets++;
    }
}
