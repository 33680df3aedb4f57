// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.account;

import java.time.LocalDate;
import java.util.List;
import java.util.Optional;

/**
 * The findings of the cleanup so far, for people.
 *
 * @param accountedUpTo the last day that could be deleted because every row was found accounted for
 * @param unaccounted days whose rows stay
 */
public record AuditStanding(Optional<LocalDate> accountedUpTo, List<Unaccounted> unaccounted) {

    public static final AuditStanding UNKNOWN = new AuditStanding(Optional.empty(), List.of());

    /**
     * @param rows how many more rows the table has than are accounted for; 0 when it has as many, but different ones
     */
    public record Unaccounted(LocalDate day, long rows) {}

    public AuditStanding {
        unaccounted = List.copyOf(unaccounted);
    }
}
