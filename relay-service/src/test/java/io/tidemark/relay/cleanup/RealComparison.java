// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import io.tidemark.relay.account.DayDigest;
import io.tidemark.relay.source.SourceNotReady;
import java.time.LocalDate;
import java.util.Map;

/** {@link RowAudit} for the simulation: the cleanup's question before a deletion, and its report afterwards. */
public final class RealComparison {

    private final RowAudit audit;

    public RealComparison(Accounts accounts) {
        audit = new RowAudit(accounts);
    }

    /** Whether these rows of a day may be deleted. */
    public boolean isAccountedFor(LocalDate day, DayDigest rows) {
        try {
            return audit.judge(Map.of(day, rows)).isEmpty();
        } catch (SourceNotReady e) {
            throw new IllegalStateException("the accounts of a simulation are always there", e);
        }
    }

    public void deleted(LocalDate day, DayDigest rows) {
        audit.deleted(Map.of(day, rows));
    }
}
