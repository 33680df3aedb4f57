// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A partition past its retention, with its bounds. Our own partitions are UTC days; those made by a person may have any
 * bounds.
 */
record OldPartition(String name, OffsetDateTime from, OffsetDateTime to) {

    boolean mayHaveRowsOf(LocalDate day) {
        return from.isBefore(TableDigest.startOf(day.plusDays(1))) && to.isAfter(TableDigest.startOf(day));
    }

    /** Days that lie only partly within it. */
    SortedSet<LocalDate> partialDays() {
        SortedSet<LocalDate> days = new TreeSet<>();
        for (OffsetDateTime bound : new OffsetDateTime[] {from, to}) {
            boolean isInfinite = bound.equals(OffsetDateTime.MIN) || bound.equals(OffsetDateTime.MAX);
            OffsetDateTime utc = isInfinite ? bound : bound.withOffsetSameInstant(ZoneOffset.UTC);
            if (!isInfinite && !utc.equals(utc.truncatedTo(ChronoUnit.DAYS))) {
                days.add(utc.toLocalDate());
            }
        }
        return days;
    }
}
