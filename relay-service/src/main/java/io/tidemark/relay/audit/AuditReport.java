// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.audit;

import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The result of an audit.
 *
 * @param rows number of rows compared for each day
 * @param expired number of rows no longer in Kafka, of days whose count shows that they were published, or that were
 *     given up
 * @param findings the first findings; {@code total} is their full number
 * @param settled days whose rows are all accounted for, though the relay had counted different ones
 * @param isOwn whether the rows are those of {@code outbox.event}, and not of a table of somebody else's
 */
public record AuditReport(
        SortedMap<LocalDate, Long> rows,
        long expired,
        List<Finding> findings,
        long total,
        List<LocalDate> settled,
        boolean isOwn) {

    /** Stands for the day of a row that has no time. */
    public static final LocalDate NO_DAY = LocalDate.EPOCH;

    /** What is wrong with a row. */
    public enum Kind {
        /** The row is neither in its topic nor among the dead letters. */
        MISSING,
        /** The row is in its topic more than once, without a replay. */
        REPEATED,
        /** Key or payload in Kafka differ from those of the row. */
        ALTERED
    }

    /**
     * @param createdAt null if the row has no time
     * @param cause what is known about it, worded to follow the row
     */
    public record Finding(Kind kind, String id, @Nullable Instant createdAt, String cause) {}

    public AuditReport {
        rows = new TreeMap<>(rows);
        findings = List.copyOf(findings);
        settled = List.copyOf(settled);
    }

    public long rowCount() {
        return rows.values().stream().mapToLong(Long::longValue).sum();
    }

    public boolean isClean() {
        return total == 0;
    }

    /** The ids of the missing rows, as far as they are listed. */
    public List<String> missing() {
        return findings.stream()
                .filter(finding -> finding.kind() == Kind.MISSING)
                .map(Finding::id)
                .toList();
    }
}
