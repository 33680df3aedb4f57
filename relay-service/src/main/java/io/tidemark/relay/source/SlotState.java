// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source;

import io.tidemark.outbox.Lsn;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * The replication slot as the server describes it.
 *
 * @param confirmed everything up to it will not be sent again ({@code confirmed_flush_lsn})
 * @param created where {@code tidemark init} made the slot; zero when init did not make it
 * @param walStatus {@code reserved}, {@code extended}, {@code unreserved} or {@code lost}
 * @param activePid the walsender that holds it, if any
 * @param retainedBytes WAL that is kept because of it; empty when the slot is lost
 * @param safeBytes how much more WAL may be written before the slot is in danger; empty without a limit, and when lost
 */
public record SlotState(
        Lsn confirmed,
        Lsn created,
        String walStatus,
        OptionalInt activePid,
        OptionalLong retainedBytes,
        OptionalLong safeBytes) {

    public boolean isLost() {
        return walStatus.equals("lost");
    }

    /** Whether a walsender streams from it. */
    public boolean isActive() {
        return activePid.isPresent();
    }

    /** Whether nothing was ever confirmed on it, so that it still holds everything since it was made. */
    public boolean isUntouched() {
        return confirmed.equals(created);
    }
}
