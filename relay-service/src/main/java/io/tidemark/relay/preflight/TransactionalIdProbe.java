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
 * Checks whether the relay's user may write under its transactional id. Kafka reports this only to a client that takes
 * the id over, which fences the producer that uses it. The probe therefore uses another id, which a prefixed ACL covers
 * as well.
 */
final class TransactionalIdProbe {

    /** No producer uses this suffix: the relay's own ids end with the source id. */
    private static final String NOBODYS = "-check";

    private TransactionalIdProbe() {}

    /**
     * Asks, and leaves nothing behind: the transaction timeout is above the broker's maximum, so the broker rejects it
     * after it has checked the right, and before it looks at the id. If the broker does allow the timeout, the id is
     * one that no producer uses.
     *
     * @param id never probed itself
     * @return false if Kafka does not show the right: it is missing, or granted for exactly this id only
     */
    static boolean showsWrite(Admin admin, String id) throws InterruptedException {
        String probed = id + NOBODYS;
        try {
            admin.fenceProducers(Set.of(probed), new FenceProducersOptions().timeoutMs(Integer.MAX_VALUE))
                    .producerId(probed)
                    .get(KafkaCheck.ANSWER_SECONDS, TimeUnit.SECONDS);
            return true;
        } catch (ExecutionException e) {
            return e.getCause() instanceof InvalidTxnTimeoutException;
        } catch (TimeoutException e) {
            return false;
        }
    }
}
