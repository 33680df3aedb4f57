// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.preflight;

import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FenceProducersOptions;
import org.apache.kafka.common.errors.InvalidTxnTimeoutException;

/**
 * Whether the relay's user may write under its transactional id. Kafka tells that only to who takes an id over, which
 * fences the producer that has it: so another id is asked for, which a prefixed ACL covers as well.
 */
final class TransactionalIdProbe {

    private static final int TIMEOUT_SECONDS = 10;
    /** No producer has it: the relay's own end with the source id. */
    private static final String NOBODYS = "-check";

    private TransactionalIdProbe() {}

    /**
     * Asks, and leaves nothing behind: the transaction timeout is longer than a broker allows, so it refuses once it has
     * looked at the right, and before it looks at the id. Where it does allow that, the id is one that nobody uses.
     *
     * @param id never asked for itself
     * @return false when it is not told: the right is missing, or granted for that very id only
     */
    static boolean showsWrite(Admin admin, String id) throws InterruptedException {
        String probed = id + NOBODYS;
        try {
            admin.fenceProducers(Set.of(probed), new FenceProducersOptions().timeoutMs(Integer.MAX_VALUE))
                    .producerId(probed)
                    .get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            return true;
        } catch (ExecutionException e) {
            return e.getCause() instanceof InvalidTxnTimeoutException;
        } catch (TimeoutException e) {
            return false;
        }
    }
}
