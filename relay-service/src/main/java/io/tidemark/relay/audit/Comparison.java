// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.audit;

import io.tidemark.relay.account.DayDigest;
import io.tidemark.relay.audit.AuditReport.Finding;
import io.tidemark.relay.audit.AuditReport.Kind;
import io.tidemark.relay.audit.AuditedRows.Row;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Compares rows with records: all at once if memory allows, otherwise in passes over parts of the ids. Each pass reads
 * both sides again. One thread, once.
 */
final class Comparison {

    static final int MOST_FINDINGS = 100_000;

    private final AuditedRows rows;
    private final Accounted accounted;
    private final Causes causes;
    private final SortedMap<LocalDate, DayDigest> digests = new TreeMap<>();
    private final List<Finding> findings = new ArrayList<>();
    private final Set<LocalDate> unclean = new HashSet<>();
    private long total;
    private long expired;

    /** What is known to be accounted for on a day, without reading its rows. */
    interface Accounted {
        DayDigest of(LocalDate day);

        /** Whether a person has given up what is missing for that day. */
        boolean isReleased(LocalDate day);
    }

    /** Explains why a row may be missing. */
    @FunctionalInterface
    interface Causes {
        String of(Row row);
    }

    /**
     * @param digests of the rows of each day
     * @param unclean days with a row that is missing or altered
     */
    record Result(
            SortedMap<LocalDate, DayDigest> digests,
            long expired,
            List<Finding> findings,
            long total,
            Set<LocalDate> unclean) {

        boolean isClean(LocalDate day) {
            return !unclean.contains(day);
        }

        SortedMap<LocalDate, Long> rowsOfDays() {
            SortedMap<LocalDate, Long> counts = new TreeMap<>();
            digests.forEach((day, digest) -> counts.put(day, digest.rows()));
            return counts;
        }
    }

    Comparison(AuditedRows rows, Accounted accounted, Causes causes) {
        this.rows = rows;
        this.accounted = accounted;
        this.causes = causes;
    }

    Result with(PublishedRecords records, int rowsPerPass) throws SQLException {
        rows.forEach(row -> digests.merge(row.day(), new DayDigest(1, row.hash()), DayDigest::plus));
        long count = digests.values().stream().mapToLong(DayDigest::rows).sum();
        int passes = Math.toIntExact((count + rowsPerPass - 1) / rowsPerPass);
        for (int pass = 0; pass < passes; pass++) {
            compare(records, pass, passes, count);
        }
        return new Result(digests, expired, List.copyOf(findings), total, Set.copyOf(unclean));
    }

    private void compare(PublishedRecords records, int pass, int passes, long count) throws SQLException {
        int share = (int) Math.min(count, count / passes + count / passes / 4 + 1_000); // hashes spread evenly
        RowSet set = new RowSet(share);
        rows.forEach(row -> {
            if (belongs(row, pass, passes)) {
                set.add(row.idHigh(), row.idLow(), row.content());
            }
        });
        boolean isWhole = records.readInto(set);
        if (set.isAllSeenOnce()) {
            return;
        }
        rows.forEach(row -> {
            if (belongs(row, pass, passes)) {
                judge(row, set.seen(row.idHigh(), row.idLow(), row.content()), isWhole);
            }
        });
    }

    private static boolean belongs(Row row, int pass, int passes) {
        return passes == 1 || Long.remainderUnsigned(row.idLow(), passes) == pass;
    }

    private void judge(Row row, RowSet.Seen seen, boolean isWhole) {
        switch (seen) {
            case ONCE -> {}
            case NEVER -> {
                boolean isCounted = accounted.of(row.day()).equals(digests.get(row.day()));
                if (isCounted && (!isWhole || accounted.isReleased(row.day()))) {
                    expired++;
                } else {
                    unclean.add(row.day());
                    find(
                            Kind.MISSING,
                            row,
                            isCounted
                                    ? "lost in Kafka: the relay had counted it, or an audit had found it"
                                    : causes.of(row));
                }
            }
            case TWICE ->
                find(
                        Kind.REPEATED,
                        row,
                        "published more than once: tidemark adopt may have gone back, or Kafka was" + " restored");
            case OTHERWISE -> {
                unclean.add(row.day());
                find(Kind.ALTERED, row, "key or payload in Kafka are not those of the row: was the row updated?");
            }
        }
    }

    private void find(Kind kind, Row row, String cause) {
        total++;
        if (findings.size() < MOST_FINDINGS) {
            OffsetDateTime createdAt = row.createdAt();
            findings.add(new Finding(kind, row.id(), createdAt == null ? null : createdAt.toInstant(), cause));
        }
    }
}
