// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.audit;

import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What an audit has found.
 *
 * @param rows how many were compared of each day
 * @param expired how many are no longer in Kafka, of days whose count says that they were published, or were given up
 * @param findings the first of them; {@code total} says how many there are
 * @param settled days whose rows are all accounted for, though the relay had counted other ones
 */
public record AuditReport(
        SortedMap<LocalDate, Long> rows, long expired, List<Finding> findings, long total, List<LocalDate> settled) {

    /** What is wrong with a row. */
    public enum Kind {
        /** It is neither in its topic nor among the dead letters. */
        MISSING,
        /** It is in its topic more than once, without a replay. */
        REPEATED,
        /** Key or payload in Kafka are not those of the row. */
        ALTERED
    }

    /** @param cause what is known of it, to go on after the row */
    public record Finding(Kind kind, String id, Instant createdAt, String cause) {}

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

    /** The ids of the rows that are missing, as far as they are listed. */
    public List<String> missing() {
        return findings.stream()
                .filter(finding -> finding.kind() == Kind.MISSING)
                .map(Finding::id)
                .toList();
    }
}
