// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import io.tidemark.relay.account.DayDigest;
import io.tidemark.relay.account.IdHash;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Counts and digests rows of {@code outbox.event} by day. It reads slices of 64 MiB and rests between them, so that a
 * day of ten million rows takes a few percent of a core. It takes no lock that others wait for. One thread.
 */
final class TableDigest {

    private static final int PAGES_PER_SLICE = 8192;
    private static final int PAGE_BYTES = 8192;
    /** Ratio of rest time to read time. */
    private static final int REST = 15;

    private static final long LONGEST_REST_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final String DIGEST =
            "select (created_at at time zone 'UTC')::date, count(*), sum(" + IdHash.SQL + ")";
    private static final String RANGE = " where created_at >= ? and created_at < ?";

    private final Connection session;

    TableDigest(Connection session) {
        this.session = session;
    }

    /** Digests all rows with {@code from <= created_at < to}, in slices, each as of a separate moment. */
    SortedMap<LocalDate, DayDigest> inSlices(OffsetDateTime from, OffsetDateTime to)
            throws SQLException, InterruptedException {
        SortedMap<LocalDate, DayDigest> days = new TreeMap<>();
        String sql = DIGEST + " from outbox.event" + RANGE + " and ctid >= ?::tid and ctid < ?::tid group by 1";
        long pages = largestPages(from, to);
        try (PreparedStatement select = session.prepareStatement(sql)) {
            for (long page = 0; page == 0 || page < pages; page += PAGES_PER_SLICE) {
                boolean isLast = page + PAGES_PER_SLICE >= pages;
                long started = System.nanoTime();
                select.setObject(1, from);
                select.setObject(2, to);
                select.setString(3, "(" + page + ",0)");
                select.setString(4, isLast ? "(4294967294,0)" : "(" + (page + PAGES_PER_SLICE) + ",0)");
                addTo(days, select);
                if (!isLast) {
                    TimeUnit.NANOSECONDS.sleep(Math.min(LONGEST_REST_NANOS, REST * (System.nanoTime() - started)));
                }
            }
        }
        return days;
    }

    private long largestPages(OffsetDateTime from, OffsetDateTime to) throws SQLException {
        String sql = "select greatest(pg_relation_size('outbox.event_default'),"
                + " (select max(pg_relation_size(partition_name::regclass)) from outbox.partitions()"
                + " where lower_bound < ? and upper_bound > ?))";
        try (PreparedStatement select = session.prepareStatement(sql)) {
            select.setObject(1, to);
            select.setObject(2, from);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getLong(1) / PAGE_BYTES;
            }
        }
    }

    /**
     * Digests the rows of one day, hour by hour, in a snapshot that is already fixed.
     *
     * @param table {@code outbox.event}, or {@code only outbox.event_default}
     */
    DayDigest ofDay(LocalDate day, String table) throws SQLException {
        SortedMap<LocalDate, DayDigest> days = new TreeMap<>();
        OffsetDateTime start = startOf(day);
        Duration hour = Duration.ofHours(1);
        try (PreparedStatement select = session.prepareStatement(DIGEST + " from " + table + RANGE + " group by 1")) {
            for (OffsetDateTime from = start; from.isBefore(startOf(day.plusDays(1))); from = from.plus(hour)) {
                select.setObject(1, from);
                select.setObject(2, from.plus(hour));
                addTo(days, select);
            }
        }
        return days.getOrDefault(day, DayDigest.NONE);
    }

    static OffsetDateTime startOf(LocalDate day) {
        return day.atStartOfDay().atOffset(ZoneOffset.UTC);
    }

    /** Number of rows with {@code from <= created_at < to}. */
    long count(OffsetDateTime from, OffsetDateTime to) throws SQLException {
        try (PreparedStatement select = session.prepareStatement("select count(*) from outbox.event" + RANGE)) {
            select.setObject(1, from);
            select.setObject(2, to);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    private static void addTo(SortedMap<LocalDate, DayDigest> days, PreparedStatement select) throws SQLException {
        try (ResultSet row = select.executeQuery()) {
            while (row.next()) {
                days.merge(
                        row.getObject(1, LocalDate.class),
                        new DayDigest(
                                row.getLong(2),
                                row.getBigDecimal(3).toBigInteger().longValue()),
                        DayDigest::plus);
            }
        }
    }
}
