package io.tidemark.relay.source;

import io.tidemark.outbox.Lsn;
import java.util.OptionalInt;

/**
 * The replication slot as the server describes it.
 *
 * @param confirmed everything up to it will not be sent again ({@code confirmed_flush_lsn})
 * @param created where {@code tidemark init} made the slot; zero when the slot was not made by it
 * @param walStatus {@code reserved}, {@code extended}, {@code unreserved} or {@code lost}
 * @param activePid the walsender that holds it, if any
 */
public record SlotState(Lsn confirmed, Lsn created, String walStatus, OptionalInt activePid) {

    public boolean isLost() {
        return walStatus.equals("lost");
    }

    /** Whether nothing was ever confirmed on it, so that it still holds everything since it was made. */
    public boolean isUntouched() {
        return confirmed.equals(created);
    }
}
