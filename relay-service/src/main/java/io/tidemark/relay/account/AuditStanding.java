// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.account;

import java.time.LocalDate;
import java.util.List;
import java.util.Optional;

/**
 * What the cleanup has found so far, for people.
 *
 * @param accountedUpTo the last day whose every row was found accounted for, so that it could be deleted
 * @param unaccounted days whose rows stay
 */
public record AuditStanding(Optional<LocalDate> accountedUpTo, List<Unaccounted> unaccounted) {

    public static final AuditStanding UNKNOWN = new AuditStanding(Optional.empty(), List.of());

    /** @param rows how many more the table has than are accounted for; 0 when it has as many, but others */
    public record Unaccounted(LocalDate day, long rows) {}

    public AuditStanding {
        unaccounted = List.copyOf(unaccounted);
    }
}
