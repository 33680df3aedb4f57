// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs once, not once a minute, what prevents some work of the cleanup; logs again when the reason changes. One thread.
 */
final class OncePerReason {

    private static final Logger LOG = LoggerFactory.getLogger(OncePerReason.class);

    static final String LOCK_NOT_AVAILABLE = "55P03";

    /** The last reason by work: few partitions and fewer steps. */
    private final Map<String, String> told = new HashMap<>();

    /** @return whether this was new, and so was logged */
    boolean postponed(String work, String reason) {
        if (reason.equals(told.put(work, reason))) {
            return false;
        }
        LOG.warn("event=cleanup-postponed work=\"{}\" reason=\"{}\"", work, reason);
        return true;
    }

    boolean postponed(String work, SQLException failure) {
        if (LOCK_NOT_AVAILABLE.equals(failure.getSQLState())) {
            return postponed(work, "a transaction that is open, or prepared, is in the way");
        }
        String message = String.valueOf(failure.getMessage());
        return postponed(work, message.lines().findFirst().orElse(message));
    }

    /** The work is done; the next obstacle is news again. */
    void done(String work) {
        told.remove(work);
    }
}
